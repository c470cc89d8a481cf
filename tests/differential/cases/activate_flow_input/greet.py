from promptflow.core import tool


@tool
def greet(word: str) -> str:
    return f"{word}!"
