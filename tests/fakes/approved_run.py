"""A project with a judged run, reviewers with keys, and what they say of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from judged_run import RUN_ID, write_judged

from llmops import ledger
from llmops.approval import Claim, approval_bytes, author_of, require_approval, require_evidence
from llmops.approvers import read_approvers
from llmops.canonical import canonical, digest
from llmops.domain.ledger import GENESIS
from llmops.pipeline.approve import Statement, draft, record
from llmops.pipeline.report import report
from llmops.review import Review
from llmops.signing import generate, load_private_key, sign
from llmops.store import RunReader, bundle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from llmops.domain.analysis import Gate
    from llmops.domain.approval import Approval, Approved
    from llmops.domain.ledger import LedgerRecord

REVIEWERS = ("Ada", "Ben", "Cleo")
RULES = """\
# Cleo reads, and decides nothing.
environments:
  staging: {max_traffic: 100}
  production: {required: 2, reviewers: [Ada, Ben], max_traffic: 50, max_days: 30}
reviewers:
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedRun:
    """A run in `folder` of the project; the reviewers' keys are in `keys/` beside it."""

    project: Path
    folder: Path
    recommended: str

    @property
    def ledger(self) -> Path:
        return ledger.path_of(self.project)

    @property
    def approvers(self) -> Path:
        return self.project / "experiments" / "approvers.yaml"

    def key(self, reviewer: str) -> Path:
        return self.project / "keys" / reviewer

    def draft(self, reviewer: str = "Ada", **parts: Any) -> Approval:
        usual: dict[str, Any] = {
            "verdict": "approve",
            "reason": "It is right more often.",
            "environment": "staging",
            "max_traffic": 20.0,
            "expires": datetime.now(UTC) + timedelta(days=14),
        }
        return draft(self.project, self.folder, Statement(reviewer=reviewer, **{**usual, **parts}))

    def signed(self, approval: Approval, signer: str = "") -> str:
        key = load_private_key(self.key(signer or approval.reviewer), str)
        return sign(key, approval_bytes(approval))

    def approve(self, reviewer: str = "Ada", **parts: Any) -> LedgerRecord:
        approval = self.draft(reviewer, **parts)
        return record(self.project, self.folder, approval, self.signed(approval))

    def reject(self, reviewer: str) -> LedgerRecord:
        statement = Statement(verdict="reject", reviewer=reviewer, reason="It is rude.")
        approval = draft(self.project, self.folder, statement)
        return record(self.project, self.folder, approval, self.signed(approval))

    def append(self, approval: Approval, signature: str) -> None:
        """Put an approval into the ledger as it is, past every check."""
        body = json.loads(approval_bytes(approval))
        ledger.append(self.project, "approval", body, approval.reviewer, signature)

    def require(self, environment: str = "staging", share: float = 10) -> Approved:
        """Ask whether the recommended configuration may take this share of the traffic."""
        run = f"reviews/{self.folder.name}"
        verified, evidence = ledger.verify(self.project), bundle(self.folder)
        require_evidence(run, verified, evidence)
        claim = Claim(
            run=run,
            configuration=self.recommended,
            environment=environment,
            max_traffic=share,
        )
        approvers = read_approvers(self.project, "reviews")
        author = author_of(RunReader(self.folder).manifest)
        return require_approval(claim, verified, approvers, evidence, author)

    def set_author(self, author: str) -> None:
        path = self.folder / "manifest.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "author": author}))

    def forge(self, change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> None:
        """Change records and hash the whole chain anew, as one who may write the file can."""
        records = change([json.loads(line) for line in self.ledger.read_text().splitlines()])
        previous = GENESIS
        for number, each in enumerate(records, start=1):
            each.pop("hash", None)
            each |= {"previous": previous, "sequence": number}
            previous = each["hash"] = digest(each)
        self.ledger.write_bytes(b"".join(canonical(each) + b"\n" for each in records))


def write_approvable(project: Path, *gates: Gate, run_id: str = RUN_ID) -> ApprovedRun:
    """Write the run with its report, and the approvers with their keys; nothing is approved."""
    folder = write_judged(project, *gates, run_id=run_id)
    recommended = Review(folder).configuration(None)
    made = ApprovedRun(project=project, folder=folder, recommended=recommended or "")
    made.set_author("grace@example.com")
    report(folder)
    if not made.approvers.exists():
        made.approvers.parent.mkdir(parents=True)
        lines = [generate(made.key(name), "") for name in REVIEWERS]
        made.approvers.write_text(
            RULES
            + "".join(
                f"- {{name: {name}, emails: [{name.lower()}@example.com], key: {line}}}\n"
                for name, line in zip(REVIEWERS, lines, strict=True)
            )
        )
    return made
