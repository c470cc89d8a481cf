from promptflow.core import tool


@tool
def defaulted(text: str, word: str = "the default", count: int = 3, items: list = None) -> list:
    return [text, word, count, items]
