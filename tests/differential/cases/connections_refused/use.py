from promptflow.connections import AzureOpenAIConnection
from promptflow.core import tool


@tool
def use(connection: AzureOpenAIConnection, text: str) -> str:
    return text
