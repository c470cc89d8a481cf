"""An evaluator that answers once, or several times afresh."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from llmops.concurrency import Threads
from llmops.domain.call import Answer, LineFailure
from llmops.domain.flow import LineOutput
from llmops.executors.judging import Judge
from llmops.progress import Progress
from llmops.sharing import SharedAnswers
from llmops.spending import Budget
from llmops.trial_context import Resources, TrialContext

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmops.domain.flow import LineContext
    from llmops.domain.run import Evaluation

RESOURCES = Resources(
    channels={}, threads=Threads(1), budget=Budget(), prices={}, progress=Progress()
)


@dataclass
class Grader:
    """Gives these answers in turn, one for each time that its node really runs."""

    answers: list[Mapping[str, object] | LineFailure]
    keys: list[str] = field(default_factory=list[str])

    async def run_line(self, inputs: Mapping[str, object], context: LineContext) -> LineOutput:
        del inputs

        async def work() -> Answer:
            answer = self.answers.pop(0)
            if isinstance(answer, LineFailure):
                raise answer
            return Answer(output=answer, calls=1)

        answer = await context.once("grade", "grade", work, paid=True)
        outputs = cast("dict[str, object]", answer.output)
        return LineOutput(outputs=outputs, seconds=0.0, aggregation_inputs=outputs)

    async def aggregate(
        self,
        inputs: Mapping[str, Sequence[object]],
        aggregation_inputs: Mapping[str, Sequence[object]],
        context: LineContext,
    ) -> Mapping[str, float]:
        raise AssertionError(inputs, aggregation_inputs, context)


def verdicts(
    *answers: Mapping[str, object] | LineFailure, repeats: int, trials: int = 1
) -> list[Evaluation | None]:
    """Return what the judge says to equal outputs of several trials that share."""
    paid: list[str] = []
    shared = SharedAnswers({}, lambda key, _, __: paid.append(key))
    judge = Judge(
        name="judge",
        step=Grader(list(answers)),
        inputs=lambda row, outputs, inputs: {**row, **outputs, **inputs},
        repeats=repeats,
    )

    def context(prefix: str) -> TrialContext:
        return TrialContext(shared, RESOURCES, prefix)

    found = [asyncio.run(judge.verdict({}, context)) for _ in range(trials)]
    assert len(paid) == len(set(paid))
    return found


def test_once_is_the_answer_itself() -> None:
    (found,) = verdicts({"score": 4, "good": True}, repeats=1)
    assert found is not None
    assert (found.outputs, found.answers) == ({"score": 4, "good": True}, ())


def test_the_mean_of_fresh_answers_is_the_score_and_each_is_kept() -> None:
    answers = (
        {"score": 4, "good": True, "why": "short", "rank": None},
        {"score": 5, "good": False, "why": "clear", "rank": 2},
    )
    (found,) = verdicts(*answers, repeats=2)
    assert found is not None
    assert found.outputs == {"score": 4.5, "good": 0.5, "why": "short", "rank": 2.0}
    assert found.aggregation_inputs == found.outputs
    assert found.answers == answers


def test_equal_outputs_of_two_trials_share_every_one_of_the_answers() -> None:
    first, second = verdicts({"score": 1}, {"score": 3}, repeats=2, trials=2)
    assert first == second


def test_one_failed_answer_fails_the_verdict() -> None:
    (found,) = verdicts({"score": 1}, LineFailure("grade", "timeout", "late"), repeats=2)
    assert found is not None
    assert found.error is not None
    assert (found.error.kind, found.outputs, found.answers) == ("timeout", {}, ())


@pytest.mark.parametrize("repeats", [1, 2])
def test_no_verdict_without_budget(repeats: int) -> None:
    assert verdicts(LineFailure("grade", "budget", "spent"), repeats=repeats) == [None]
