from typing import Any

from promptflow.core import tool


@tool
def newer(
    text: str,
    maybe: int | None,
    either: int | str,
    items: list[int],
    detail: dict[str, int],
    word: str | None,
    flag: bool | None = None,
    any_value: Any = None,
) -> list:
    return [[type(each).__name__, each] for each in (text, maybe, either, items, detail, word, flag, any_value)]
