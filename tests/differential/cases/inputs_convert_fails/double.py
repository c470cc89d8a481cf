from promptflow.core import tool


@tool
def double(whole: int) -> int:
    return 2 * whole
