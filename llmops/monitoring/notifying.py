"""Tells those who want to know of every proposal that differs from the last they were told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.concurrency import together
from llmops.domain.monitoring import Notice
from llmops.errors import LLMOpsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from llmops.domain.ledger import LedgerRecord
    from llmops.domain.monitoring import Monitoring, Notifier


def is_news(found: Monitoring, records: Iterable[LedgerRecord]) -> bool:
    """Return whether the proposal differs from the last one that was told.

    To stay is no news at first: nobody is told that nothing happens.
    """
    told = [
        record.body
        for record in records
        if record.kind == "monitor"
        and record.body.get("endpoint") == found.endpoint
        and record.body.get("told") is True
    ]
    now = (found.proposal.action, found.split.candidate, found.proposal.percent)
    if not told:
        return found.proposal.action != "stay"
    last = told[-1]
    return now != (last.get("action"), last.get("candidate"), last.get("percent"))


def notice_of(found: Monitoring, report: str) -> Notice:
    """Return what is told: the proposal with its reasons and its command; no inputs or outputs."""
    proposal = found.proposal
    lines = [proposal.sentence, *(f"- {reason}" for reason in proposal.reasons)]
    warnings = [each.sentence for each in found.drift if each.drifted]
    lines += [f"! {warning}" for warning in warnings]
    lines += [f"\n{proposal.command}"] if proposal.command else []
    return Notice(
        id=f"{found.endpoint}-{found.time}".translate(str.maketrans("/:+", "---")),
        subject=f"{found.endpoint}: {proposal.action}: {proposal.sentence}",
        text="\n".join([*lines, f"\nReport: {report}"]),
        facts={
            "endpoint": found.endpoint,
            "time": found.time,
            "action": proposal.action,
            "candidate": found.split.candidate,
            "percent": proposal.percent,
            "reasons": list(proposal.reasons),
            "drift": warnings,
            "command": proposal.command,
            "report": report,
        },
    )


async def tell_all(notifiers: Sequence[Notifier], notice: Notice) -> tuple[str, ...]:
    """Tell everyone; return what failed. One that fails keeps no other from being told."""

    async def problem(notifier: Notifier) -> str:
        try:
            await notifier.tell(notice)
        except LLMOpsError as error:
            return str(error)
        return ""

    problems = await together([problem(each) for each in notifiers])
    return tuple(each for each in problems if each)
