from promptflow.core import tool


@tool
def seen(prompt: str) -> list:
    return [str(prompt), len(prompt)]
