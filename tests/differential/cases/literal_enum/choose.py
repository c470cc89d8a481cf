from enum import Enum

from promptflow.core import tool


class Colour(str, Enum):
    RED = "red"
    GREEN = "green"


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


@tool
def choose(text: str, colour: Colour, size: Size = Size.SMALL) -> list:
    shown = size.name if isinstance(size, Size) else f"text {size}"
    return [text, type(colour).__name__, str(colour == Colour.GREEN), shown]
