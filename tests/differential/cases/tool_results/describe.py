from promptflow.core import tool


@tool
def describe(value) -> list:
    return [type(value).__name__, repr(value)]
