import asyncio

from promptflow.core import tool


@tool
async def wait(text: str, turns: int) -> str:
    for _ in range(turns):
        await asyncio.sleep(0)
    if text == "fail" and turns == 1:
        raise LookupError("told to fail")
    return f"{text} after {turns}"
