from promptflow.core import tool


@tool
def take(value: str) -> str:
    return value
