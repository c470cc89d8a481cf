"""The prompts of the variants against the baseline's, line by line and word by word."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, Literal

from llmops.difference import Piece, difference

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Sign = Literal["same", "out", "in"]
_LEAST_IN_COMMON: Final = 0.4
"""Of the words of two lines; below it they are two lines, not a line and its change."""


@dataclass(frozen=True, slots=True)
class DiffLine:
    """A line that both have, or that only the baseline (`out`) or the variant (`in`) has."""

    sign: Sign
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptDifference:
    """One node's prompt where it is not the baseline's, and who has it."""

    node: str
    configurations: tuple[str, ...]
    lines: tuple[DiffLine, ...]


def prompt_differences(
    prompts: Mapping[str, Mapping[str, str]], baseline: str | None
) -> tuple[PromptDifference, ...]:
    """Return each prompt text that differs once; empty where the evidence has no prompts.

    `prompts` holds the texts by node and configuration id, the baseline's as well.
    """
    found: list[PromptDifference] = []
    for node, texts in prompts.items():
        before = texts.get(baseline or "")
        if before is None:
            continue
        owners: dict[str, list[str]] = {}
        for configuration, text in texts.items():
            if text != before:
                owners.setdefault(text, []).append(configuration)
        found += [
            PromptDifference(
                node=node,
                configurations=tuple(configurations),
                lines=tuple(diff(before, text)),
            )
            for text, configurations in owners.items()
        ]
    return tuple(found)


def diff(before: str, after: str) -> Iterator[DiffLine]:
    """Yield the lines of both texts in reading order."""
    old, new = before.splitlines(), after.splitlines()
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            yield from (DiffLine("same", (Piece(line, differs=False),)) for line in old[i:j])
        else:
            yield from _replaced(old[i:j], new[k:m])


def _replaced(old: Sequence[str], new: Sequence[str]) -> Iterator[DiffLine]:
    pairs = [_words(before, after) for before, after in zip_longest(old, new, fillvalue="")]
    yield from (DiffLine("out", left) for left, _ in pairs[: len(old)])
    yield from (DiffLine("in", right) for _, right in pairs[: len(new)])


def _words(before: str, after: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return both lines in pieces; in lines with little in common no word is marked."""
    common = SequenceMatcher(None, before.split(), after.split(), autojunk=False).ratio()
    if common < _LEAST_IN_COMMON:
        return (Piece(before, differs=False),), (Piece(after, differs=False),)
    return difference(before, after)
