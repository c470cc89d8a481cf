
from promptflow.connections import AzureOpenAIConnection, CustomConnection, OpenAIConnection
from promptflow.core import tool


@tool
def all_three(
    text: str,
    azure: AzureOpenAIConnection,
    openai: OpenAIConnection,
    custom: CustomConnection,
    any_of_two: AzureOpenAIConnection | OpenAIConnection,
    unmarked,
) -> list:
    return [
        [type(each).__name__ for each in (azure, openai, custom, any_of_two, unmarked)],
        azure.api_version,
        azure.api_key == openai.api_key == custom.secrets["token"],
        custom.configs["region"],
        custom.region,
        custom.token == custom.secrets["token"],
        unmarked,
        text,
    ]
