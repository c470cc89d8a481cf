from promptflow.connections import CustomStrongTypeConnection
from promptflow.core import tool


class OtherConnection(CustomStrongTypeConnection):
    endpoint: str


@tool
def use(connection: OtherConnection, text: str) -> str:
    return text
