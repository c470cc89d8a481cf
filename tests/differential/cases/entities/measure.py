from promptflow.core import tool


@tool
def measure(entities: list, text: str) -> dict:
    return {"count": len(entities), "found": [each in text for each in entities]}
