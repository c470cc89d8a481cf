from promptflow import tool
from promptflow.tracing import trace


@trace
def joined(*parts: str) -> str:
    return ", ".join(parts)


@tool(name="Reads", description="what it reads")
def read(text: str, word: str) -> str:
    return joined(text, word)
