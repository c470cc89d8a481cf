from typing import Dict, Literal, Sequence, TypedDict

from promptflow.core import tool


class Shape(TypedDict):
    a: int


@tool
def hinted(text: str, choice: Literal["1", "2"], typed: Shape, many: Sequence[int], spare: Dict[str, int] = {}) -> list:
    return [[type(each).__name__, each] for each in (text, choice, typed, many, spare)]
