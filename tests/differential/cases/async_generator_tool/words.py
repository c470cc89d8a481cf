import asyncio

from promptflow.core import tool


@tool
async def words(text: str):
    for word in text.split():
        await asyncio.sleep(0)
        yield f"{word} "
