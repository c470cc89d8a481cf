"""How a table is written.

Text that a spreadsheet would run as a formula (it begins with = + - @, a tab or a return) gets an
apostrophe in front, as OWASP advises; numbers stay numbers. What is neither text nor number is
JSON.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Final

from llmops.store import replacing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

Row = dict[str, object]

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write the rows; a column that a row does not have stays empty."""
    with (
        replacing(path) as file,
        io.TextIOWrapper(file, "utf-8", errors="replace", newline="") as text,
    ):
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([cell(row.get(column)) for column in columns] for row in rows)


def trial_cells(trial: Mapping[str, Any]) -> Row:
    """Return what identifies a planned trial: itself, its variants and its parameters."""
    cells: Row = {"trial": trial["id"], "configuration": trial["label"]}
    cells |= {f"variant.{node}": variant for node, variant in trial["variants"].items()}
    return cells | {f"parameter.{name}": value for name, value in trial["parameters"].items()}


def columns_of(rows: Iterable[Row]) -> list[str]:
    """Return the columns of all rows in the order first seen."""
    return list(dict.fromkeys(name for row in rows for name in row))


def cell(value: object) -> object:
    """Return the value as it stands in a cell.

    >>> [cell(value) for value in ("=1+1", -1, True, None, ["é"])]
    ["'=1+1", -1, 'true', None, '["é"]']
    """
    match value:
        case str():
            return f"'{value}" if value.startswith(_FORMULA) else value
        case bool() | list() | dict():
            return json.dumps(value, ensure_ascii=False)
        case _:
            return value
