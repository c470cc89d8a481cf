from promptflow.contracts.multimedia import Image
from promptflow.core import tool


@tool
def keep(picture: Image) -> dict:
    return {"inside": [picture]}
