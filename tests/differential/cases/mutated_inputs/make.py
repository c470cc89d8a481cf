from promptflow.core import tool


@tool
def make(detail: dict) -> dict:
    return {"items": detail["items"]}
