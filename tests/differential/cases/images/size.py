from promptflow.contracts.multimedia import Image
from promptflow.core import tool


@tool
def size(picture: Image, more: list, fixed: dict, named: Image) -> list:
    return [
        len(picture),
        picture._mime_type,
        [type(each).__name__ for each in more],
        type(fixed).__name__,
        len(named),
    ]
