from promptflow.core import tool


@tool
def double(number: int) -> int:
    return number * 2
