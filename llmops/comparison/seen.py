"""What was seen of a configuration, dataset by dataset, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.comparison.wording import bare_amount, better_by, counted, listed, p_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from llmops.comparison.evidence import Evidence
    from llmops.domain.comparison import Effect


def by_dataset(
    evidence: Evidence, effects: Sequence[Effect], *, than: str = "", p: bool = False
) -> str:
    """Return e.g. `15 points better than the baseline on x (200 lines) and 4 on y (90 lines)`.

    `than` comes with the first one. `p` adds the adjusted p-values.
    """
    words: list[str] = []
    said = ""
    for effect in effects:
        if effect.improvement is None:
            words.append(f"not compared on {effect.dataset} ({effect.reason})")
            continue
        sense = _sense(effect.improvement)
        if sense == said:
            size = bare_amount(effect.improvement, effect.kind)
        else:
            size = better_by(effect.improvement, effect.kind, than="" if words else than)
        said = sense if effect.improvement else ""
        words.append(f"{size} on {effect.dataset} ({', '.join(_basis(evidence, effect, p=p))})")
    return listed(words)


def _sense(improvement: float) -> str:
    return "better" if improvement > 0 else "worse" if improvement < 0 else "no different"


def _basis(evidence: Evidence, effect: Effect, *, p: bool) -> Iterator[str]:
    """Yield the lines that both answered, and of how many where some lack a score."""
    if effect.stopped_after is not None:
        yield f"stopped after {counted(effect.stopped_after, 'line')}"
        return
    lines = counted(evidence.line_count(effect.dataset), "line")
    pairs = counted(effect.pairs, "line")
    yield pairs if pairs == lines else f"{effect.pairs:,} of {lines}"
    if p and effect.p_adjusted is not None:
        yield p_value(effect.p_adjusted)
