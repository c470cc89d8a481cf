"""Whether what the traffic plan states is shown: conditions to go on, triggers to go back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from llmops.comparison.wording import p_value
from llmops.domain.deployment import Condition, Trigger
from llmops.domain.monitoring import Held
from llmops.monitoring.samples import P95
from llmops.statistics.always_valid import difference_seen, is_binary, mean_seen, share_beyond
from llmops.statistics.multiplicity import holm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llmops.domain.monitoring import StatedSplit
    from llmops.monitoring.samples import Samples, Values
    from llmops.statistics.always_valid import Seen

LEAST: Final = 30
"""With fewer independent units nothing is called shown: the normal mixture needs some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What conditions are held against; `planned` is the candidate's requests at this step."""

    samples: Samples
    split: StatedSplit
    planned: int
    alpha: float

    def condition(self, condition: Condition) -> Held:
        """Return whether a condition is shown.

        All conditions have to be, so each is tested at the full level: the chance that a candidate
        that breaks one passes is that of this test at most (an intersection-union test).
        """
        p, reason = self._shown(condition)
        return _held(condition, p, self.alpha, self._sentence(condition, p, reason))

    def triggers(self, triggers: Sequence[Trigger]) -> tuple[Held, ...]:
        """Return which triggers are shown, with Holm's correction: any of them rolls back."""
        found = [self._shown(each) for each in triggers]
        adjusted = holm([1.0 if p is None else p for p, _ in found]) if found else []
        return tuple(
            _held(trigger, corrected, self.alpha, self._sentence(trigger, corrected, reason))
            for trigger, corrected, (_, reason) in zip(triggers, adjusted, found, strict=True)
        )

    def _shown(self, rule: Condition | Trigger) -> tuple[float | None, str]:
        """Return the p-value of what is stated not being so; None with the reason if untestable."""
        limit, above = _limit(rule)
        try:
            values = enough(self.samples, rule.metric, self.split.candidate)
            if limit is not None:
                return self._against_limit(rule.metric, values, limit, above=above), ""
            other = enough(self.samples, rule.metric, self.split.incumbent)
        except TooFewError as reason:
            return None, str(reason)
        return self._against_other(rule, values, other), ""

    def _against_limit(self, metric: str, values: Values, limit: float, *, above: bool) -> float:
        if metric == "p95_seconds":
            # The 95th percentile is above the limit where more than 5 % of the answers are.
            return share_beyond(values.beyond(limit).sample(), 1 - P95, above=above)
        data = values.sample()
        if not is_binary(data):
            seen = mean_seen(data, max(self.planned, LEAST))
            return seen.above(limit, self.alpha) if above else seen.below(limit, self.alpha)
        if 0 < limit < 1:
            return share_beyond(data, limit, above=above)
        return float(not (data.mean > limit if above else data.mean < limit))

    def _against_other(self, rule: Condition | Trigger, values: Values, other: Values) -> float:
        """Test that the candidate is worse by less than `max_drop`, or by more than `drop`."""
        is_trigger = isinstance(rule, Trigger)
        drop = (rule.drop if is_trigger else rule.max_drop) or 0.0
        seen, drop = compared(rule.metric, values, other, of_both(self.split, self.planned), drop)
        is_less_better = rule.direction == "minimize"
        bound = drop if is_less_better else -drop
        test = seen.above if is_less_better == is_trigger else seen.below
        return test(bound, self.alpha)

    def _sentence(self, rule: Condition | Trigger, p: float | None, reason: str) -> str:
        names = [self.split.candidate]
        names += [self.split.incumbent] if _limit(rule)[0] is None else []
        values = [(name, self.samples.value(rule.metric, name)) for name in names]
        seen = ", ".join(f"{name} {value:.3g}" for name, value in values if value is not None)
        if reason or p is None:
            return f"can't be judged: {wanted(rule)} ({reason})"
        return f"{'' if p <= self.alpha else 'not '}shown: {wanted(rule)} ({seen}; {p_value(p)})"


class TooFewError(Exception):
    """There is nothing to test yet; the message says why."""


def enough(samples: Samples, metric: str, deployment: str) -> Values:
    """Return a metric's values.

    Raises:
        TooFewError: when there is no such deployment, or it has hardly answered.
    """
    if not deployment:
        raise TooFewError("no other deployment answers requests")
    values = samples.get(metric, deployment)
    units = values.sample().units if values else 0
    if values is None or units < LEAST:
        raise TooFewError(f"{deployment} has {units} values, and {LEAST} are the least to judge by")
    return values


def of_both(split: StatedSplit, planned: int) -> int:
    """Return how many requests both are to have had when the candidate has had so many."""
    share = split.percent.get(split.candidate, 0) or 50  # of a mirror's copies, both have as many
    return max(planned * 100 // share, 2 * LEAST)


def compared(
    metric: str, values: Values, other: Values, planned: int, drop: float = 0.0
) -> tuple[Seen, float]:
    """Return the candidate's mean minus the other's, and the drop that it is to be held against.

    The 95th percentile is no mean. It is `drop` above the other's where 5 % of the candidate's
    answers take longer than the other's percentile plus `drop`, as 5 % of the other's take longer
    than that itself; so these shares are compared, the drop being in them. Mathisen, Annals of
    Mathematical Statistics 14 (1943) 188-194, for the median.
    """
    if metric != "p95_seconds":
        return difference_seen(other.sample(), values.sample(), planned), drop
    percentile = float(np.nanquantile(other.values, P95))
    slower = values.beyond(percentile + drop), other.beyond(percentile)
    return difference_seen(slower[1].sample(), slower[0].sample(), planned), 0.0


def wanted(rule: Condition | Trigger) -> str:
    """Return a rule as people say it.

    >>> wanted(Trigger(metric="error_rate", above=0.05, direction="minimize"))
    'error_rate above 0.05'
    >>> wanted(Condition(metric="match.correct", max_drop=0.02))
    'match.correct worse by less than 0.02'
    """
    limit, above = _limit(rule)
    if limit is not None:
        return f"{rule.metric} {'above' if above else 'below'} {limit:g}"
    if isinstance(rule, Trigger):
        return f"{rule.metric} worse" + (f" by more than {rule.drop:g}" if rule.drop else "")
    return f"{rule.metric} worse by less than {rule.max_drop:g}"


def _limit(rule: Condition | Trigger) -> tuple[float | None, bool]:
    """Return the limit of one deployment's own value, and whether it is to lie above."""
    most, least = (
        (rule.above, rule.below) if isinstance(rule, Trigger) else (rule.at_least, rule.at_most)
    )
    return (most, True) if most is not None else (least, False)


def _held(rule: Condition | Trigger, p: float | None, alpha: float, sentence: str) -> Held:
    return Held(wanted=wanted(rule), shown=p is not None and p <= alpha, p=p, sentence=sentence)
