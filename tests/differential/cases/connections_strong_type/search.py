from promptflow.connections import CustomStrongTypeConnection
from promptflow.contracts.types import Secret
from promptflow.core import tool


class SearchConnection(CustomStrongTypeConnection):
    token: Secret
    endpoint: str
    region: str = "south"


@tool
def search(connection: SearchConnection, text: str) -> list:
    return [
        type(connection).__name__,
        isinstance(connection, SearchConnection),
        connection.endpoint,
        connection.region,
        len(connection.token),
        text,
    ]
