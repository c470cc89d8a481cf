"""What evaluators say about one line of one trial."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING

from llmops.domain.call import LineFailure
from llmops.domain.run import Evaluation, LineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llmops.domain.flow import LineOutput, Step
    from llmops.trial_context import TrialContext

    _Values = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """An evaluator on one dataset; `inputs` maps (its row, outputs, run inputs) to its inputs.

    It answers `repeats` times, each time afresh.
    """

    name: str
    step: Step
    inputs: Callable[[_Values, _Values, _Values], _Values]
    repeats: int = 1

    async def verdict(
        self, inputs: _Values, context: Callable[[str], TrialContext]
    ) -> Evaluation | None:
        """Return the evaluation; None when the budget did not reach for it.

        `context` gives one whose answers are shared only under the same prefix. One failed answer
        fails the whole: every score rests on the same number of them.
        """
        answers: list[LineOutput] = []
        for number in range(self.repeats):
            again = f"{self.name} {number}:" if number else ""
            try:
                answers.append(await self.step.run_line(inputs, context(again)))
            except LineFailure as failure:
                return None if failure.kind == "budget" else Evaluation(error=error_of(failure))
        if len(answers) == 1:
            (answer,) = answers
            return Evaluation(outputs=answer.outputs, aggregation_inputs=answer.aggregation_inputs)
        return Evaluation(
            outputs=_means([answer.outputs for answer in answers]),
            aggregation_inputs=_means([answer.aggregation_inputs for answer in answers]),
            answers=tuple(answer.outputs for answer in answers),
        )


def error_of(failure: LineFailure) -> LineError:
    """Return the failure as data."""
    return LineError(node=failure.node, kind=failure.kind, message=failure.message)


def _means(answers: Sequence[_Values]) -> dict[str, object]:
    """Return the mean of what is a number in all answers, else what the first one said.

    >>> _means([{"score": 4, "why": "short"}, {"score": 5, "why": "clear"}])
    {'score': 4.5, 'why': 'short'}
    """
    return {name: _mean([each.get(name) for each in answers]) for name in answers[0]}


def _mean(values: Sequence[object]) -> object:
    """Leave out what is missing (None, NaN)."""
    numbers = [value for value in values if isinstance(value, bool | int | float)]
    if len(numbers) + values.count(None) < len(values):
        return values[0]
    known = [value for value in numbers if math.isfinite(value)]
    return fmean(known) if known else None
