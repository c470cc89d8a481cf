"""What a case is: a small flow, lines to run it on, and what the case is there to show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

from llmops.domain.configuration import Configuration
from llmops.yaml import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

CASES: Final = Path(__file__).parent / "cases"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One folder of `cases/`.

    `fails` maps a line (from 0) to the node it stops at, empty for none of them. `refused` names
    the node for which the flow cannot be configured at all, empty for the flow itself. `streams`
    are nodes whose output is a generator, compared only by what becomes of it. `differs` says why
    our engine does otherwise on purpose: it refuses what promptflow runs into, or gives `instead`,
    by line.
    """

    name: str
    covers: Sequence[str]
    lines: Sequence[Mapping[str, object]]
    configurations: Sequence[Configuration]
    fails: Mapping[int, str]
    refused: str | None
    streams: frozenset[str]
    differs: str
    instead: Mapping[int, Mapping[str, object]]

    @property
    def folder(self) -> Path:
        return CASES / self.name


def load(folder: Path) -> Case:
    """Read `case.yaml`; one default configuration where it names none."""
    raw = cast("Mapping[str, object]", read(folder / "case.yaml", folder.name))
    choices = cast(
        "Sequence[Mapping[str, Mapping[str, object]]]", raw.get("configurations") or ({},)
    )
    configurations = [
        Configuration(
            variants=cast("Mapping[str, str]", choice.get("variants", {})),
            parameters=choice.get("parameters", {}),
        )
        for choice in choices
    ]
    return Case(
        name=folder.name,
        covers=cast("Sequence[str]", raw["covers"]),
        lines=cast("Sequence[Mapping[str, object]]", raw["lines"]),
        configurations=configurations,
        fails=cast("Mapping[int, str]", raw.get("fails", {})),
        refused=cast("str | None", raw.get("refused")),
        streams=frozenset(cast("Sequence[str]", raw.get("streams", ()))),
        differs=cast("str", raw.get("differs", "")),
        instead=cast("Mapping[int, Mapping[str, object]]", raw.get("instead", {})),
    )


def every_case() -> Iterator[Case]:
    """Yield the cases by name; folders without `case.yaml` hold what cases share."""
    for path in sorted(CASES.glob("*/case.yaml")):
        yield load(path.parent)


def columns_of(lines: Sequence[Mapping[str, object]]) -> Mapping[str, Sequence[object]]:
    """Return the inputs that all lines have, as aggregation takes them."""
    names = [name for name in lines[0] if all(name in line for line in lines)]
    return {name: [line[name] for line in lines] for name in names}
