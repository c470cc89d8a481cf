from promptflow.core import tool


@tool
def pass_on(value, mode=None):
    return value
