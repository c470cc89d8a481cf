"""Which column, output or literal each input of a flow gets, as promptflow maps them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Protocol

from llmops.domain.flow import REQUIRED
from llmops.experiment.images import with_image_paths

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from llmops.domain.flow import FlowInput

Source = Literal["data", "run.outputs", "run.inputs", "unknown"]

_REFERENCE: Final = re.compile(r"\$\{([^{}]+)\}")
_SOURCES: Final[tuple[Source, ...]] = ("data", "run.outputs", "run.inputs")
_NOTHING: Final[Mapping[str, object]] = {}


@dataclass(frozen=True, slots=True)
class Reference:
    """`${data.url}` as (`data`, `url`); `unknown` where nothing has that name."""

    source: Source
    name: str


class InputsOf(Protocol):
    """Maps a row, and for evaluators what the run answered, to a flow's inputs."""

    def __call__(
        self,
        data: Mapping[str, object],
        outputs: Mapping[str, object] = ...,
        inputs: Mapping[str, object] = ...,
    ) -> dict[str, object]:
        """Return the inputs; one whose column this row lacks is left out."""
        ...


def reference(value: object) -> Reference | None:
    """Return what the mapping's value refers to; None for a literal.

    A name may hold dots: it is one column, as in promptflow.

    >>> reference("${run.outputs.category}")
    Reference(source='run.outputs', name='category')
    """
    match = _REFERENCE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    for source in _SOURCES:
        if match[1].startswith(f"{source}."):
            return Reference(source, match[1].removeprefix(f"{source}."))
    return Reference("unknown", match[1])


def complete_mappings(
    mappings: Mapping[str, object], inputs: Sequence[FlowInput], columns: Collection[str]
) -> dict[str, object]:
    """Add the columns that bear an input's name, for inputs with neither mapping nor default."""
    same_named = {
        each.name: f"${{data.{each.name}}}"
        for each in inputs
        if each.name in columns and (each.default is REQUIRED or each.default is None)
    }
    return {**same_named, **mappings}


def compile_mappings(
    mappings: Mapping[str, object],
    inputs: Sequence[FlowInput],
    columns: Collection[str],
    folder: Path = Path(),
) -> InputsOf:
    """Return the completed mappings as a function of one line.

    Paths of images in the data count from `folder`.
    """
    literals: dict[str, object] = {}
    names: dict[Source, list[tuple[str, str]]] = {source: [] for source in _SOURCES}
    for name, value in complete_mappings(mappings, inputs, columns).items():
        found = reference(value)
        if found is None or found.source == "unknown":
            literals[name] = value
        else:
            names[found.source].append((name, found.name))
    data_names, output_names, input_names = (tuple(names[source]) for source in _SOURCES)

    def resolve(
        data: Mapping[str, object],
        outputs: Mapping[str, object] = _NOTHING,
        inputs: Mapping[str, object] = _NOTHING,
    ) -> dict[str, object]:
        resolved = dict(literals)
        for name, key in data_names:
            if key in data:
                resolved[name] = with_image_paths(data[key], folder)
        for origin, wanted in ((outputs, output_names), (inputs, input_names)):
            resolved.update((name, origin[key]) for name, key in wanted if key in origin)
        return resolved

    return resolve
