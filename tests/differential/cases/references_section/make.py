from promptflow.core import tool


@tool
def make(mode: str) -> list:
    return [mode]
