from promptflow.core import tool


@tool
def see(parts: list) -> list:
    return [[type(part).__name__, str(part)] for part in parts]
