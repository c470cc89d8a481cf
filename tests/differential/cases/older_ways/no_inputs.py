from promptflow.core import tool


@tool
def no_inputs():
    return "nothing asked"
