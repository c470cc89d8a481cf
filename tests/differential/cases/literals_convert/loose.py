from promptflow.core import tool


@tool
def loose(bare, dollar: str, braces: str, price: str, nested: dict, **rest):
    return {name: [type(value).__name__, value] for name, value in locals().items()}
