import asyncio

from promptflow.connections import CustomConnection
from promptflow.core import ToolProvider, tool


class Search(ToolProvider):
    def __init__(self, connection: CustomConnection):
        super().__init__()
        self.endpoint = connection.endpoint

    @tool
    async def search(self, text: str, top: int = 3) -> list:
        await asyncio.sleep(0)
        return [self.endpoint, text, top]
