from promptflow.contracts.types import FilePath, PromptTemplate, Secret
from promptflow.core import tool


@tool
def see(path: FilePath, secret: Secret, template: PromptTemplate, file: FilePath) -> list:
    return [[type(each).__name__, each] for each in (path, secret, template, file)]
