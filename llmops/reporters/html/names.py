"""What configurations are called on the page: a letter, and the choices in which they differ."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmops.domain.report import ConfigurationReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A configuration's names; `short` holds only what is not the same in all of them."""

    key: str
    short: str
    label: str
    is_baseline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The choices by configuration id and by node or parameter, told apart from what never varies.

    `varied` are the names whose values differ, in the order first seen.
    """

    varied: tuple[str, ...]
    of: Mapping[str, Mapping[str, str]]
    constant: Mapping[str, str]


def choices_of(configurations: Sequence[ConfigurationReport]) -> Choices:
    """Tell what differs between configurations from what is the same in all of them."""
    of = {
        item.id: {
            name: _shown(value)
            for name, value in (
                *item.configuration.variants.items(),
                *item.configuration.parameters.items(),
            )
        }
        for item in configurations
    }
    names = dict.fromkeys(name for choices in of.values() for name in choices)
    values = {name: {choices.get(name, "") for choices in of.values()} for name in names}
    return Choices(
        varied=tuple(name for name in names if len(values[name]) > 1),
        of=of,
        constant={name: values[name].pop() for name in names if len(values[name]) == 1},
    )


def names_of(configurations: Sequence[ConfigurationReport], choices: Choices) -> dict[str, Name]:
    """Return the names by configuration id."""
    return {
        item.id: Name(
            key=item.key,
            short=_short(choices, item.id) or item.label,
            label=item.label,
            is_baseline=item.is_baseline,
        )
        for item in configurations
    }


def _short(choices: Choices, configuration: str) -> str:
    """Return the values alone where they speak for themselves: words that only one node has."""
    owners = Counter(
        value
        for name in choices.varied
        for value in {each.get(name, "") for each in choices.of.values()}
    )
    ends = Counter(name.rpartition(".")[2] for name in choices.varied)
    parts: list[str] = []
    for name in choices.varied:
        value = choices.of[configuration].get(name, "")
        speaks = owners[value] == 1 and value.isidentifier() and value not in {"true", "false"}
        end = name.rpartition(".")[2]
        parts.append(value if speaks else f"{end if ends[end] == 1 else name} {value}")
    return " · ".join(parts)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
