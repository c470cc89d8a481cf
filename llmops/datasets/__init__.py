"""Kinds of dataset, one file each; the end of the file's name decides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmops.datasets import csv, jsonl, parquet
from llmops.domain.dataset import Dataset

if TYPE_CHECKING:
    from pathlib import Path

READERS: Final = {".jsonl": jsonl.read, ".csv": csv.read, ".parquet": parquet.read}


def open_dataset(path: Path, label: str) -> Dataset:
    """Return the file as a dataset.

    Raises:
        KeyError: when no kind has the file's ending.
    """
    return Dataset(path=path, label=label, read=READERS[path.suffix.lower()])
