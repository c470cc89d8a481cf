from promptflow.core import tool


@tool
def second(total: int) -> float:
    return total / 0
