import datetime
import decimal
from dataclasses import dataclass
from enum import Enum

from promptflow.core import tool


@dataclass
class Point:
    x: int
    y: float


class Level(str, Enum):
    HIGH = "high"


@tool
def make(kind: str):
    return {
        "none": None,
        "text": "text",
        "tuple": (1, 2),
        "nested": {"a": [{"b": (True, 1.0, None)}]},
        "numeric keys": {1: "one"},
        "dataclass": Point(1, 2.0),
        "enum": Level.HIGH,
        "date": datetime.date(2026, 1, 2),
        "decimal": decimal.Decimal("1.10"),
        "bytes": b"bytes",
        "set": {1},
        "float": float("inf"),
    }[kind]
