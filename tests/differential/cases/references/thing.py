from dataclasses import dataclass, field

from promptflow.core import tool


@dataclass
class Inner:
    depth: int = 2


@dataclass
class Thing:
    label: str
    inner: Inner = field(default_factory=Inner)


@tool
def thing(text: str) -> Thing:
    return Thing(f"label of {text}")
