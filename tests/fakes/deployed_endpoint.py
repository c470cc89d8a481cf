"""An endpoint as the ledger has it after a second release was tried, watched and rolled back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmops import ledger
from llmops.domain.deployment import Routing
from llmops.domain.endpoint_history import Change

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from llmops.domain.endpoint_history import ChangeKind

ENDPOINT: Final = "production/reviews"
LOOK: Final = "20260105-030405-abcd"
REASON: Final = "misses what <b>the first</b> sentence says"


def deploy_two_releases(project: Path, run: str) -> None:
    """Record two releases of a run, and 10 % for the second."""
    for number in (1, 2):
        body = {"release": f"reviews/{number}", "digest": "0" * 64, "run": run}
        ledger.append(project, "release", body, "Ada")
    change(project, {"reviews-1": 100})
    change(project, {"reviews-1": 90, "reviews-2": 10})


def look_at_it(project: Path) -> Path:
    """Record a look, and write the page that it leaves; return the page."""
    page = project / "reports" / "monitoring" / ENDPOINT / LOOK / "monitoring.html"
    page.parent.mkdir(parents=True)
    page.write_text("<!doctype html><title>Look</title><h1>What was seen</h1>")
    body = {
        "endpoint": ENDPOINT,
        "candidate": "reviews-2",
        "action": "rollback",
        "sentence": "Take reviews-2 back.",
        "reasons": ["error rate above 5 %"],
        "report": page.relative_to(project).as_posix(),
    }
    ledger.append(project, "monitor", body, "ci")
    return page


def roll_back(project: Path) -> None:
    """Give all requests to the first release again."""
    change(project, {"reviews-1": 100, "reviews-2": 0}, "rollback", REASON)


def change(
    project: Path, percent: Mapping[str, int], kind: ChangeKind = "traffic", reason: str = ""
) -> None:
    """Record who gets which share; a deployment is called by its release."""
    told = Change(
        endpoint=ENDPOINT,
        target="local",
        releases={name: name.replace("-", "/") for name in percent},
        routing=Routing(percent=percent, sticky="header:X-User"),
        kind=kind,
        reason=reason,
    )
    ledger.append(project, kind, told.body, "grace")
