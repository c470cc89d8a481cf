from promptflow.core import tool


@tool
def count(stream) -> list:
    return [item for item in stream if not isinstance(item, int)]
