from promptflow.core import tool


@tool
def wash(text: str) -> str:
    return text.strip()
