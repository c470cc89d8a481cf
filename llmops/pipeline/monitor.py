"""Watches an endpoint: reads what it answered, says what to do next, tells who wants to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from llmops import ledger
from llmops.evidence import author, new_run_id
from llmops.monitoring.notifying import is_news, notice_of, tell_all
from llmops.monitoring.report import write_json, write_page
from llmops.monitoring.watch import open_watch
from llmops.store import exclusive

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmops.domain.monitoring import Monitoring
    from llmops.monitoring.watch import Order, Watch
    from llmops.progress import Progress

PAGE: Final = "monitoring.html"
NUMBERS: Final = "monitoring.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What was found, where the report is, and who could not be told."""

    found: Monitoring
    folder: Path
    problems: tuple[str, ...]


async def monitor(order: Order, progress: Progress) -> Watched:
    """Look once, write report and ledger, and tell of a new proposal.

    Raises:
        ConfigError: with all that is wrong with experiment, deployment file or `since`.
        ApprovalError: when the ledger or the release does not verify.
        LLMOpsError: when something cannot be read or written.
    """
    watch = open_watch(order)
    folder = order.project / "reports" / "monitoring" / watch.file.environment / watch.file.endpoint
    folder.mkdir(parents=True, exist_ok=True)
    with exclusive(folder / "monitor.lock"):
        found = await watch.look(folder, progress)
        report = folder / new_run_id()
        report.mkdir()
        write_json(found, report / NUMBERS)
        write_page(found, report / PAGE)
        return await _told(watch, found, report)


async def _told(watch: Watch, found: Monitoring, report: Path) -> Watched:
    """Tell of what is new, then record it: what could not be told is new again next time."""
    project = watch.order.project
    news = is_news(found, ledger.verify(project).records)
    place = (report / PAGE).relative_to(project).as_posix()
    problems = await tell_all(watch.section.notify, notice_of(found, place)) if news else ()
    body = {**_body(found), "report": place, "told": news and not problems}
    ledger.append(project, "monitor", body, author(project) or "unknown")
    return Watched(found=found, folder=report, problems=problems)


def _body(found: Monitoring) -> Mapping[str, object]:
    proposal, split = found.proposal, found.split
    return {
        "endpoint": found.endpoint,
        "since": found.since,
        "candidate": split.candidate,
        "release": split.releases.get(split.candidate, ""),
        "action": proposal.action,
        "percent": proposal.percent,
        "sentence": proposal.sentence,
        "reasons": list(proposal.reasons),
        "split": {"status": found.ratio.status, "p": found.ratio.p},
        "requests": {each.deployment: each.requests for each in found.traffic},
        "judged": {each.deployment: each.judged for each in found.traffic},
        "logs": dict(found.logs),
    }
