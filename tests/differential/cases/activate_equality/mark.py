from promptflow.core import tool


@tool
def mark(mark: str) -> str:
    return mark
