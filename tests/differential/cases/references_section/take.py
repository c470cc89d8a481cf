from promptflow.core import tool


@tool
def take(value):
    return value
