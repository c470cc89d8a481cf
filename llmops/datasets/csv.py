"""Comma-separated values with a header; every value is text, flows convert by input type."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from llmops.domain.dataset import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_LONGEST_FIELD: Final = 2**31 - 1
"""Whole documents are fair values; the csv module's own limit is 128 KiB."""


def read(path: Path) -> Iterator[Mapping[str, object] | Unreadable]:
    """Yield the rows as mappings; blank rows are skipped."""
    csv.field_size_limit(_LONGEST_FIELD)
    undecodable: list[Unreadable] = []
    with path.open("rb") as file:
        rows = csv.reader(_decoded(file, undecodable), strict=True)
        header: list[str] | None = None
        while True:
            first_line = rows.line_num + 1
            try:
                row = next(rows, None)
            except csv.Error as error:
                yield Unreadable(number=first_line, seen=f"not valid CSV: {error}")
                continue
            yield from undecodable
            if row is None:
                break
            if undecodable or not row:
                undecodable.clear()
            elif header is None:
                header = row
                yield from _header_faults(row, first_line)
            elif len(row) != len(header):
                seen = f"{len(row)} values"
                allowed = f"allowed: {len(header)}, as in the header"
                yield Unreadable(number=first_line, seen=seen, allowed=allowed)
            else:
                yield dict(zip(header, row, strict=True))
    if header is None:
        yield Unreadable(number=0, seen="no header", allowed="allowed: column names first")


def _decoded(lines: Iterator[bytes], undecodable: list[Unreadable]) -> Iterator[str]:
    """Yield the lines as text; those that are not UTF-8 are also reported."""
    for number, raw in enumerate(lines, start=1):
        try:
            yield raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            seen = f"not UTF-8 (byte {error.start + 1})"
            undecodable.append(Unreadable(number=number, seen=seen, allowed="allowed: UTF-8"))
            yield raw.decode(errors="replace")


def _header_faults(header: list[str], number: int) -> Iterator[Unreadable]:
    for name in dict.fromkeys(header):
        if header.count(name) > 1 or not name.strip():
            seen = f"column {name!r} is there twice" if name.strip() else "a column has no name"
            yield Unreadable(number=number, seen=seen)
