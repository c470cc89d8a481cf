"""What people should know of a release, in Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from llmops.domain.approval import Approved
    from llmops.domain.report import RunReport


def model_card(
    label: str, report: RunReport, approved: Approved, manifest: Mapping[str, Any]
) -> str:
    """Return the card: what it is, how it was measured, who approved it, what is not known."""
    return "\n".join(_lines(label, report, approved, manifest))


def _lines(
    label: str, report: RunReport, approved: Approved, manifest: Mapping[str, Any]
) -> Iterator[str]:
    chosen = next(each for each in report.configurations if each.id == approved.configuration)
    yield from (f"# {label}", "", f"`{chosen.label}` of the flow `{manifest['flow']['path']}`.", "")
    yield from ("## Measured", "", "| dataset | metric | value | n | errors | missing |")
    yield "| --- | --- | ---: | ---: | ---: | ---: |"
    for cell in chosen.cells:
        for metric, score in cell.scores.items():
            value = "" if score.value is None else f"{score.value:.4g}"
            counts = f"{score.n} | {score.errors} | {score.missing}"
            yield f"| {cell.dataset} | {metric} | {value} | {counts} |"
    yield from ("", "## Data", "")
    for dataset in manifest["datasets"]:
        yield f"- `{dataset['source']}`, {dataset['lines']} lines, sha256 `{dataset['sha256']}`"
    yield from ("", "## Approved", "")
    yield f"- by {', '.join(approved.reviewers)}, for {approved.environment}"
    yield f"- up to {approved.max_traffic:g} % of traffic, until {approved.until}"
    yield f"- run `{approved.run}`, evidence `{approved.evidence}`"
    commit = manifest["code"].get("commit", "unknown")
    dirty = ", with changes that were not committed" if manifest["code"].get("dirty") else ""
    yield f"- commit `{commit}`{dirty}"
    yield from ("", "## Limits", "")
    yield "- Measured on the data above and nothing else; other data may give other numbers."
    yield "- A model behind a provider's name can change without notice."
