from promptflow.core import tool


@tool
def kind(prompt) -> list:
    return [isinstance(prompt, str), prompt == str(prompt), len(prompt), prompt[:2]]
