from promptflow.core import tool


@tool
async def join(one: str, two: str) -> str:
    return f"{one}, {two}"
