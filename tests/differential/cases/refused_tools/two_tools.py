from promptflow.core import tool


@tool
def tell(text: str) -> str:
    return text


@tool
def tell_again(text: str) -> str:
    return text
