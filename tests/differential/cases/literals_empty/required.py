from promptflow.core import tool


@tool
def required(seen: list, text: str, word: str) -> list:
    return [seen, text, word]
