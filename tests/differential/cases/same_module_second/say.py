from phrases import greeting
from promptflow.core import tool
from words.order import arrange


@tool
def say(text: str) -> str:
    return arrange(greeting(), text)
