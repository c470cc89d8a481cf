"""What an input of a node is: a literal, a flow input, or another node's output."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias, cast

_INPUT_PREFIXES: Final = ("flow.", "inputs.")
_PART: Final = re.compile(r"(?P<name>\w+)|\['(?P<key>.*?)'\]|\[(?P<index>\d+)\]")


@dataclass(frozen=True, slots=True)
class Literal:
    """A value written in the file."""

    value: object


@dataclass(frozen=True, slots=True)
class InputReference:
    """`${inputs.name}`, or the older `${flow.name}`."""

    name: str

    @property
    def text(self) -> str:
        """Return it as people write it."""
        return f"${{inputs.{self.name}}}"


@dataclass(frozen=True, slots=True)
class NodeReference:
    """`${node.section.path}`; only the section `output` holds anything."""

    node: str
    section: str = "output"
    path: str = ""

    @property
    def text(self) -> str:
        """Return it as people write it."""
        return f"${{{'.'.join(part for part in (self.node, self.section, self.path) if part)}}}"


Value: TypeAlias = Literal | InputReference | NodeReference

Step: TypeAlias = str | int | tuple[str]
"""A name (of a key, else of an attribute), an index, or a quoted key."""


def parse_value(value: object) -> Value:
    """Return a reference where the whole text is one, else a literal.

    >>> parse_value("${grade.output.marks['total'][0]}")
    NodeReference(node='grade', section='output', path="marks['total'][0]")
    >>> parse_value("costs ${5}")
    Literal(value='costs ${5}')
    """
    if not isinstance(value, str) or not (value.startswith("${") and value.endswith("}")):
        return Literal(value)
    inside = value[2:-1]
    for prefix in _INPUT_PREFIXES:
        if inside.startswith(prefix):
            return InputReference(inside.removeprefix(prefix))
    node, _, rest = inside.partition(".")
    section, _, path = rest.partition(".")
    return NodeReference(node, section or "output", path)


def parse_path(path: str) -> tuple[Step, ...]:
    """Return the steps into an output.

    >>> parse_path("a['b c'][0].d")
    ('a', ('b c',), 0, 'd')
    """
    steps: list[Step] = []
    for part in _PART.finditer(path):
        if part["index"] is not None:
            steps.append(int(part["index"]))
        else:
            steps.append(part["name"] if part["name"] is not None else (part["key"],))
    return tuple(steps)


def follow(value: object, steps: tuple[Step, ...]) -> object:
    """Return what lies at the end of the steps.

    Raises:
        LookupError, AttributeError, TypeError: when there is no such place.
    """
    for step in steps:
        if isinstance(step, str):
            if isinstance(value, dict):
                value = cast("dict[str, object]", value)[step]
            else:
                value = getattr(value, step)
        else:
            place = step[0] if isinstance(step, tuple) else step
            value = cast("dict[str | int, object]", value)[place]
    return value
