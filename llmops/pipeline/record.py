"""Tells the ledger about a run: what is to decide before it starts, what came out at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llmops import ledger
from llmops.preregistration import preregistration
from llmops.store import RunReader, bundle

if TYPE_CHECKING:
    from pathlib import Path

    from llmops.domain.comparison import Comparison
    from llmops.domain.gate import GateResult


def record_plan(project: Path, folder: Path) -> None:
    """Record what a run will be judged by; once, however often the run is resumed.

    Raises:
        ApprovalError: when the ledger does not verify.
    """
    run, author, manifest = _named(folder)
    known = (
        entry.kind == "pre-registration" and entry.body.get("run") == run
        for entry in ledger.verify(project).records
    )
    if any(known):
        return
    body = {"run": run, **preregistration(manifest)}
    ledger.append(project, "pre-registration", body, author)


def record_outcome(project: Path, folder: Path, comparison: Comparison) -> None:
    """Record the evidence as it is now, and the decision.

    Raises:
        ApprovalError: when the ledger does not verify.
    """
    run, author, _ = _named(folder)
    evidence = bundle(folder)
    status = RunReader(folder).status
    body = {"run": run, "status": status, "evidence": evidence.digest, "files": evidence.files}
    ledger.append(project, "run", body, author)
    family, decision = comparison.family, comparison.decision
    body = {
        "run": run,
        "evidence": evidence.digest,
        "outcome": decision.outcome,
        "configuration": decision.configuration,
        "sentence": decision.sentence,
        "family": {
            "method": family.method,
            "alpha": family.alpha,
            "configurations": list(family.configurations),
            "datasets": list(family.datasets),
            "metrics": list(family.metrics),
        },
    }
    ledger.append(project, "comparison", body, author)


def record_gates(project: Path, folder: Path, results: tuple[GateResult, ...]) -> None:
    """Record what the gates found.

    Raises:
        ApprovalError: when the ledger does not verify.
    """
    run, author, _ = _named(folder)
    body = {
        "run": run,
        "evidence": bundle(folder).digest,
        "gates": [{"wanted": each.wanted, "status": each.status} for each in results],
    }
    ledger.append(project, "gate", body, author)


def _named(folder: Path) -> tuple[str, str, dict[str, Any]]:
    manifest = RunReader(folder).manifest
    run = f"{manifest['experiment']}/{manifest['run_id']}"
    return run, str(manifest.get("author") or "unknown"), manifest
