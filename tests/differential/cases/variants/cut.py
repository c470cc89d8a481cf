from promptflow.core import tool


@tool
def cut(text: str, length: int) -> str:
    return text[:length]
