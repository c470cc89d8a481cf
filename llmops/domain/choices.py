"""What tells configurations apart, and what people call them for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.configuration import Configuration


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """The choices by configuration id and by node or `node.input`.

    `varied` are the names whose values differ, in the order first seen; `constant` has the value of
    the others.
    """

    of: Mapping[str, Mapping[str, str]]
    varied: tuple[str, ...]
    constant: Mapping[str, str]


def choices_of(configurations: Mapping[str, Configuration]) -> Choices:
    """Tell what differs between configurations, by id, from what is the same in all of them."""
    of = {key: each.choices for key, each in configurations.items()}
    names = dict.fromkeys(name for choices in of.values() for name in choices)
    values = {name: {choices.get(name) for choices in of.values()} for name in names}
    varied = tuple(name for name in names if len(values[name]) > 1)
    return Choices(
        of=of,
        varied=varied,
        constant={
            name: value
            for choices in of.values()
            for name, value in choices.items()
            if name not in varied
        },
    )


def short_names(
    configurations: Mapping[str, Configuration], baseline: str | None
) -> dict[str, str]:
    """Return by id a name that says only what differs, e.g. `whole · few_shot · strict true`.

    Left out is also what a configuration shares with the baseline, where the rest tells it from
    all others. The label stands where nothing differs.
    """
    choices = choices_of(configurations)
    words = _Words(choices)
    return {
        key: " · ".join(
            words.of(name, choices.of[key].get(name)) for name in _telling(choices, key, baseline)
        )
        or each.label
        for key, each in configurations.items()
    }


def _telling(choices: Choices, configuration: str, baseline: str | None) -> tuple[str, ...]:
    """Return the names that a configuration needs: the baseline needs all that vary."""
    needed = choices.varied
    own, usual = choices.of[configuration], choices.of.get(baseline or "")
    if usual is None or configuration == baseline:
        return needed
    for name in reversed(choices.varied):
        rest = tuple(each for each in needed if each != name)
        alike = [
            other
            for other in choices.of.values()
            if all(other.get(each) == own.get(each) for each in rest)
        ]
        shared = own.get(name) == usual.get(name)
        if shared and all(other.get(name) == own.get(name) for other in alike):
            needed = rest
    return needed


class _Words:
    """How a choice is said: by its value alone where that speaks for itself."""

    def __init__(self, choices: Choices) -> None:
        self._owners = Counter(
            value
            for name in choices.varied
            for value in {each.get(name) for each in choices.of.values()}
        )
        self._ends = Counter(name.rpartition(".")[2] for name in choices.varied)

    def of(self, name: str, value: str | None) -> str:
        """Return words that only one node or parameter has, else its name and the value."""
        if value is None:
            value = "unset"
        elif self._owners[value] == 1 and value.isidentifier() and value not in {"true", "false"}:
            return value
        end = name.rpartition(".")[2]
        return f"{end if self._ends[end] == 1 else name} {value}"
