from __future__ import annotations

from promptflow.core import tool


@tool
def later(text: str, count: int, word: str, flag: bool = False) -> list:
    return [[type(each).__name__, each] for each in (text, count, word, flag)]
