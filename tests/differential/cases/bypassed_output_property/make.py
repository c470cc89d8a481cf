from promptflow.core import tool


@tool
def make(go: bool) -> dict:
    return {"name": "made"}
