from promptflow.core import tool


@tool
def whole(text: str) -> str:
    return text.strip()
