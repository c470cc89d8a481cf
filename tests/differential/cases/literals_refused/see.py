from promptflow.core import tool


@tool
def see(text: str, whole: int, real: float, flag: bool, items: list) -> list:
    return [text, whole, real, flag, items]
