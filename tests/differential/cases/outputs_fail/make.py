from promptflow.core import tool


@tool
def make(mode: str):
    return {"name": {"deep": [mode, {"é": None}]}} if mode == "good" else {}
