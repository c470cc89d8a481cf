from promptflow.core import tool


@tool
def choose(text: str) -> dict:
    return {"model": f"for-{text}", "stop": ["."] if text == "one" else []}
