"""Apache Parquet, read batch by batch; needs the `parquet` extra."""

from __future__ import annotations

import importlib
import json
from contextlib import closing
from typing import TYPE_CHECKING, Protocol, cast

from llmops.domain.dataset import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


class _Batch(Protocol):
    def to_pylist(self) -> Sequence[Mapping[str, object]]: ...


class _File(Protocol):
    def iter_batches(self, batch_size: int) -> Iterator[_Batch]: ...
    def close(self) -> None: ...


class _PyArrow(Protocol):
    """The part of `pyarrow.parquet` that is used here; the package has no types."""

    def ParquetFile(self, source: Path) -> _File: ...  # noqa: N802 - a class of pyarrow's


def read(path: Path) -> Iterator[Mapping[str, object] | Unreadable]:
    """Yield the rows; values that JSON has no type for (dates, bytes) become text."""
    try:
        pyarrow = cast("_PyArrow", importlib.import_module("pyarrow.parquet"))
    except ImportError:
        seen = "reading Parquet needs pyarrow"
        yield Unreadable(number=0, seen=seen, allowed="install it: uv sync --extra parquet")
        return
    try:
        with closing(pyarrow.ParquetFile(path)) as file:
            for batch in file.iter_batches(batch_size=1_000):
                for row in batch.to_pylist():
                    yield cast("dict[str, object]", json.loads(json.dumps(row, default=str)))
    except (ValueError, OSError) as error:
        yield Unreadable(number=0, seen=f"not valid Parquet: {str(error).partition('.')[0]}")
