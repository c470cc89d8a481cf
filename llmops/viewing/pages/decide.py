"""The decision: stated by the reviewer, drafted here, signed in the browser, recorded here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from llmops.approval import approval_bytes
from llmops.approvers import read_approvers
from llmops.domain.approval import Verdict
from llmops.pipeline import approve
from llmops.reporters.traffic_plan import stated_plans
from llmops.viewing import drafts
from llmops.viewing.page import page
from llmops.viewing.pages.sign_in import Signed
from llmops.viewing.refusal import invalid
from llmops.viewing.sent import sent
from llmops.viewing.viewer import VIEWER, entry_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from llmops.approvers import Approvers, Rule
    from llmops.domain.report import RunReport
    from llmops.reporters.traffic_plan import StatedPlan
    from llmops.viewing.pairs import Choice

_USUAL_DAYS: Final = 30
_HIDDEN: Final[Mapping[Choice, str]] = {
    "baseline": "The one you chose",
    "candidate": "The one you chose",
}


class Stated(BaseModel):
    """What the form says; scope and end belong to an approval only."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    configuration: str
    reason: str = Field(max_length=4000)
    environment: str = ""
    percent: float = 0
    expires: str = ""
    acknowledged: tuple[str, ...] = ()


async def show(request: web.Request) -> web.Response:
    """Show the form, with what has to be acknowledged for the configuration."""
    viewer, entry = request.app[VIEWER], entry_of(request)
    if not viewer.session.name:
        raise web.HTTPSeeOther(f"{entry.address}/sign-in")
    reviewer = viewer.session.reviewer(viewer.project, entry.experiment)
    subject = await viewer.away(lambda: entry.subject)
    review = entry.review
    wanted = review.configuration(request.query.get("configuration"))
    chosen = wanted or subject.baseline or next(iter(subject.labels))
    rules = _rules(read_approvers(viewer.project, entry.experiment), reviewer)
    notes = drafts.load(entry.folder, reviewer, subject.candidate)
    days = min([_USUAL_DAYS, *(rule.max_days for rule in rules.values())])
    return page(
        request,
        "decide.html",
        entry=entry,
        step="decide",
        sentence=review.comparison.decision.sentence,
        labels=subject.labels,
        chosen=chosen,
        open_points=review.open_points(chosen),
        rules=rules,
        plans=_plans(review.numbers, rules),
        expires=(datetime.now(UTC) + timedelta(days=days)).date().isoformat(),
        blind=notes.blind,
        comments=drafts.comments(notes, _HIDDEN if notes.blind else subject.names),
    )


async def draft(request: web.Request) -> web.Response:
    """Return the exact text to sign."""
    viewer, entry = request.app[VIEWER], entry_of(request)
    reviewer = viewer.session.reviewer(viewer.project, entry.experiment)
    said = await sent(request, Stated)
    subject = await viewer.away(lambda: entry.subject)
    notes = drafts.load(entry.folder, reviewer, subject.candidate)
    statement = approve.Statement(
        verdict=said.verdict,
        reviewer=reviewer,
        reason=said.reason.strip(),
        configuration=said.configuration,
        comments=drafts.comments(notes, subject.names),
        **(_scope(said) if said.verdict == "approve" else {}),
    )
    drafted = await viewer.away(lambda: approve.draft(viewer.project, entry.folder, statement))
    if notes.blind:  # the statement says whose answers were chosen
        notes.blind = False
        drafts.save(entry.folder, reviewer, notes)
    viewer.session.drafted = drafted
    return web.json_response({"text": approval_bytes(drafted).decode()})


async def sign(request: web.Request) -> web.Response:
    """Record what was drafted, with the reviewer's signature."""
    viewer, entry = request.app[VIEWER], entry_of(request)
    reviewer = viewer.session.reviewer(viewer.project, entry.experiment)
    said = await sent(request, Signed)
    drafted = viewer.session.drafted
    if drafted is None or (drafted.run, drafted.reviewer) != (entry.review.run, reviewer):
        raise invalid("signature", "nothing was drafted to be signed", "draft the decision first")
    await viewer.away(lambda: approve.record(viewer.project, entry.folder, drafted, said.signature))
    viewer.session.drafted = None
    return web.json_response({})


def _rules(approvers: Approvers, reviewer: str) -> dict[str, Rule]:
    """Return the environments that the reviewer may approve for."""
    return {
        name: rule
        for name, rule in approvers.environments.items()
        if not rule.reviewers or reviewer in rule.reviewers
    }


def _plans(numbers: RunReport, environments: Iterable[str]) -> tuple[StatedPlan, ...]:
    """Return how the winner would go live in each environment, where it was stated."""
    stated = numbers.traffic_plans
    found = {name: stated.get(name, stated.get("")) for name in environments}
    plans = {name: plan for name, plan in found.items() if plan}
    return stated_plans(plans, numbers.currency)


def _scope(said: Stated) -> dict[str, Any]:
    """Return what only an approval states."""
    try:
        expires = approve.expiry(said.expires, datetime.now(UTC))
    except ValueError as error:
        raise invalid("expires", said.expires or "no date", "a date: 2026-12-31") from error
    return {
        "environment": said.environment,
        "max_traffic": said.percent,
        "expires": expires,
        "acknowledged": said.acknowledged,
    }
