from promptflow.core import tool


@tool
def score(kind: str) -> int:
    return len(kind)
