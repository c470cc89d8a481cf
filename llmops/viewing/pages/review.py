"""A reviewer's walk through the lines: two answers side by side, a preference, a comment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from llmops.viewing import drafts
from llmops.viewing.page import page
from llmops.viewing.pairs import shown
from llmops.viewing.refusal import invalid
from llmops.viewing.sent import sent
from llmops.viewing.viewer import VIEWER, entry_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmops.viewing.catalogue import Entry
    from llmops.viewing.drafts import Draft, Note
    from llmops.viewing.pairs import Choice, Pair, Side

_LISTED: Final = 60
_NOTHING: Final = {
    "regressed": "On no line did the candidate score worse than the baseline.",
    "errors": "No answer is an error.",
    "commented": "You have commented on no line yet.",
    "all": "The run has no line that can be compared.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A line in the list; `place` counts from 1."""

    place: int
    name: str
    pair: Pair
    note: Note


class Kept(BaseModel):
    """What the page sends: a note on one line, or the wish to see the names."""

    model_config = ConfigDict(extra="forbid")

    candidate: str
    line: str = ""
    comment: str = Field(default="", max_length=4000)
    preference: Literal["", "left", "right", "tie"] = ""
    blind: bool = True


async def show(request: web.Request) -> web.Response:
    """Show one line of those that were asked for."""
    viewer, entry = request.app[VIEWER], entry_of(request)
    if not viewer.session.name:
        raise web.HTTPSeeOther(f"{entry.address}/sign-in")
    reviewer = viewer.session.reviewer(viewer.project, entry.experiment)
    subject = await viewer.away(lambda: entry.subject)
    draft = drafts.load(entry.folder, reviewer, subject.candidate)
    groups = _groups(subject.pairs, draft)
    name = request.query.get("show", "regressed" if groups["regressed"] else "all")
    if name not in groups:
        raise invalid("show", name, f"allowed are {', '.join(groups)}")
    found = groups[name]
    place = _place(request.query.get("at", "1"), len(found))
    return page(
        request,
        "review.html",
        entry=entry,
        step="review",
        show=name,
        counts={group: len(pairs) for group, pairs in groups.items()},
        place=place,
        listed=_listed(found, place, draft),
        draft=draft,
        names=subject.names,
        nothing=_NOTHING[name],
        **(_line(found[place - 1], entry, reviewer, draft) if found else {"pair": None}),
    )


async def keep(request: web.Request) -> web.Response:
    """Keep what was written in the reviewer's draft."""
    viewer, entry = request.app[VIEWER], entry_of(request)
    reviewer = viewer.session.reviewer(viewer.project, entry.experiment)
    said = await sent(request, Kept)
    subject = await viewer.away(lambda: entry.subject)
    if said.candidate != subject.candidate:
        raise invalid("candidate", said.candidate, "the run has changed; load the page again")
    draft = drafts.load(entry.folder, reviewer, subject.candidate)
    draft.blind &= said.blind
    if said.line:
        pair = next((pair for pair in subject.pairs if pair.key == said.line), None)
        if pair is None:
            raise invalid("line", said.line, "the run has no such line")
        draft.write(said.line, _note(said, pair.sides(entry.run, reviewer)))
    drafts.save(entry.folder, reviewer, draft)
    return web.json_response({})


def _note(said: Kept, sides: Mapping[Side, Choice]) -> Note:
    """Return the note under the answers' own names."""
    comment = said.comment.strip()
    match said.preference:
        case "left" | "right" as side:
            return drafts.Note(comment=comment, preference=sides[side])
        case neither:
            return drafts.Note(comment=comment, preference=neither)


def _groups(pairs: Sequence[Pair], draft: Draft) -> dict[str, list[Pair]]:
    return {
        "regressed": [pair for pair in pairs if pair.regressed],
        "all": list(pairs),
        "errors": [pair for pair in pairs if pair.failed],
        "commented": [pair for pair in pairs if draft.note(pair.key).comment],
    }


def _place(text: str, count: int) -> int:
    place = int(text) if text.isdecimal() and len(text) < 10 else 1
    return max(1, min(place, count))


def _listed(pairs: Sequence[Pair], place: int, draft: Draft) -> list[Item]:
    """Return the lines around the place."""
    start = max(0, min(place - _LISTED // 2, len(pairs) - _LISTED))
    return [
        Item(place=number, name=_name(pair), pair=pair, note=draft.note(pair.key))
        for number, pair in enumerate(pairs[start : start + _LISTED], start=start + 1)
    ]


def _line(pair: Pair, entry: Entry, reviewer: str, draft: Draft) -> dict[str, Any]:
    sides = pair.sides(entry.run, reviewer)
    note = draft.note(pair.key)
    chosen = {choice: side for side, choice in sides.items()}
    return {
        "pair": pair,
        "name": _name(pair),
        "sides": sides,
        "answers": shown(pair, sides),
        "note": note,
        "preferred": chosen.get(note.preference, note.preference),
    }


def _name(pair: Pair) -> str:
    repeat = f", repeat {pair.repeat + 1}" if pair.repeat else ""
    return f"{pair.dataset}, line {pair.line + 1}{repeat}"
