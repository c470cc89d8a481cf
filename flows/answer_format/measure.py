from promptflow.core import tool


@tool
def measure(reply: str) -> dict:
    words = len(reply.split())
    return {"one_word": words == 1, "words": words}
