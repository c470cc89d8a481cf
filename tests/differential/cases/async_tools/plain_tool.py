from promptflow.core import tool


@tool
def plain(text: str) -> str:
    return text.title()
