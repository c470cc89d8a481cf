"""Puts a run's summary where the CI service shows it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from llmops.errors import Fault, LLMOpsError

if TYPE_CHECKING:
    from collections.abc import Mapping


def announce(summary: Path, environ: Mapping[str, str]) -> str | None:
    """Append it to GitHub's step summary; return the line that Azure Pipelines waits for.

    Raises:
        LLMOpsError: when GitHub's file can't be written.
    """
    if target := environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with Path(target).open("a", encoding="utf-8") as file:
                file.write(f"{summary.read_text(encoding='utf-8')}\n")
        except OSError as error:
            fault = Fault(where="GITHUB_STEP_SUMMARY", seen=f"cannot be written: {error}")
            raise LLMOpsError(str(fault)) from error
    if environ.get("TF_BUILD"):
        return f"##vso[task.uploadsummary]{summary.resolve()}"
    return None
