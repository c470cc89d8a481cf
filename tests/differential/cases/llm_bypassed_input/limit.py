from promptflow.core import tool


@tool
def limit(go: bool) -> int:
    return 5
