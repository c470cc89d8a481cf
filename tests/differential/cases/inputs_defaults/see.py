from promptflow.core import tool


@tool
def see(**values) -> dict:
    return {name: [type(value).__name__, value] for name, value in values.items()}
