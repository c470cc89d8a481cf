"""A reviewer's notes on a run before they are signed: kept beside the run, no evidence."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import quote

from pydantic import ConfigDict, TypeAdapter, ValidationError

from llmops.errors import Fault, LLMOpsError
from llmops.store import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmops.viewing.pairs import Choice

Preference = Literal["", "baseline", "candidate", "tie"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What a reviewer thinks of one line."""

    comment: str = ""
    preference: Preference = ""


@dataclass(slots=True, kw_only=True)
class Draft:
    """Notes by line, on one candidate; `blind` until the reviewer asked which answer is whose."""

    candidate: str = ""
    blind: bool = True
    notes: dict[str, Note] = field(default_factory=dict[str, Note])

    __pydantic_config__ = ConfigDict(extra="forbid")

    def note(self, line: str) -> Note:
        """Return the note on a line; an empty one where there is none."""
        return self.notes.get(line, _NOTHING)

    def write(self, line: str, note: Note) -> None:
        """Keep a note, or forget it when it is empty."""
        self.notes.pop(line, None)
        if note != _NOTHING:
            self.notes[line] = note

    @property
    def preferences(self) -> Counter[str]:
        """Return how often each answer was preferred."""
        return Counter(note.preference for note in self.notes.values() if note.preference)


_NOTHING: Final = Note()
_FORM: Final = TypeAdapter(Draft)


def comments(draft: Draft, names: Mapping[Choice, str]) -> dict[str, str]:
    """Return what goes into the signed statement, by `<dataset>:<line>`; repeats are joined."""
    said: dict[str, str] = {}
    for key, note in draft.notes.items():
        line = key.rpartition(":")[0]
        match note.preference:
            case "baseline" | "candidate" as choice:
                judged = f"{names[choice]} is better."
            case "tie":
                judged = "Both are equal."
            case _:
                judged = ""
        said[line] = " ".join(part for part in (said.get(line), judged, note.comment) if part)
    return said


def load(run: Path, reviewer: str, candidate: str) -> Draft:
    """Return the reviewer's draft; a new one where there is none for this candidate.

    Raises:
        LLMOpsError: when the file can't be read.
    """
    path = _path(run, reviewer)
    try:
        draft = _FORM.validate_json(path.read_bytes())
    except FileNotFoundError:
        return Draft(candidate=candidate)
    except (OSError, ValidationError) as error:
        fault = Fault(
            where=str(path),
            seen="this draft cannot be read",
            next_step="mend it, or remove it to start again",
        )
        raise LLMOpsError(str(fault)) from error
    return draft if draft.candidate == candidate else Draft(candidate=candidate)


def save(run: Path, reviewer: str, draft: Draft) -> None:
    """Write the draft whole.

    Raises:
        LLMOpsError: when it can't be written.
    """
    path = _path(run, reviewer)
    path.parent.mkdir(exist_ok=True)
    with replacing(path) as file:
        file.write(json.dumps(asdict(draft), indent=2, ensure_ascii=False).encode())


def _path(run: Path, reviewer: str) -> Path:
    return run / "reviews" / f"{quote(reviewer, safe='@')}.json"
