from promptflow.core import tool


@tool
def tell(text: str) -> str:
    return text
