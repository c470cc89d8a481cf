from promptflow.core import tool


@tool
def both(one: str, two: str) -> dict:
    return {"one": one, "two": {"deep": [two]}}
