"""The section `traffic:`: how a new deployment gets its share, and when it loses it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Self

from pydantic import ConfigDict, Field, FiniteFloat, model_validator

from llmops.domain import deployment as plan
from llmops.domain.analysis import Direction
from llmops.experiment.matching import Matches
from llmops.experiment.section import Name, Section

if TYPE_CHECKING:
    from collections.abc import Callable

Amount = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Percent = Annotated[int, Field(ge=0, le=100)]
Step = Annotated[int, Field(ge=1, le=100)]

Sticky = Annotated[
    str,
    Matches(
        pattern=r"(?:(?:header|cookie):[A-Za-z0-9_-]{1,64})?",
        allowed="header:<name>, cookie:<name>, or empty",
    ),
]

_HOLDS: Final = ("at_least", "at_most", "max_drop")
_FIRES: Final = ("above", "below", "drop")


def _exactly_one(names: tuple[str, ...]) -> ConfigDict:
    """Return what tells the editor that one of the keys has to be there, and only one."""
    return ConfigDict(json_schema_extra={"oneOf": [{"required": [name]} for name in names]})


def _require_one(section: Section, names: tuple[str, ...]) -> None:
    if len(section.model_fields_set.intersection(names)) != 1:
        first, second, third = names
        raise ValueError(f"state exactly one of {first}, {second} and {third}")


class ConditionSection(Section):
    """What must hold before the next step: one of `at_least`, `at_most` and `max_drop`."""

    model_config = _exactly_one(_HOLDS)

    metric: Name
    """`<evaluator>.<metric>`, or error_rate, p95_seconds, cost_per_line."""
    at_least: FiniteFloat | None = None
    at_most: FiniteFloat | None = None
    max_drop: Amount | None = None
    """How much worse it may be than the deployment with the other requests, in the metric's unit:
    this has to be shown (non-inferiority)."""
    direction: Direction | None = None
    """What worse means. Default: the experiment's for that metric; less is better for
    error_rate and its like."""

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        _require_one(self, _HOLDS)
        return self


class TriggerSection(Section):
    """What calls for a rollback once it is shown: one of `above`, `below` and `drop`."""

    model_config = _exactly_one(_FIRES)

    metric: Name
    """`<evaluator>.<metric>`, or error_rate, p95_seconds, cost_per_line."""
    above: FiniteFloat | None = None
    below: FiniteFloat | None = None
    drop: Amount | None = None
    """How much worse than the deployment with the other requests, in the metric's unit; 0: worse
    at all."""
    direction: Direction | None = None
    """What worse means. Default: as for `must_hold`."""

    @model_validator(mode="after")
    def _one_limit(self) -> Self:
        _require_one(self, _FIRES)
        return self


class TrafficSection(Section):
    """How a new deployment gets its share."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1)] = (10, 50, 100)
    """Percent of the requests, each above the one before."""
    bake_minutes: Amount = 60
    """The shortest stay at a step."""
    bake_requests: Annotated[int, Field(ge=0)] = 200
    """How many requests it answers at a step at least."""
    must_hold: tuple[ConditionSection, ...] = ()
    """What has to be shown before the next step."""
    rollback_when: tuple[TriggerSection, ...] = ()
    """What calls for a rollback once it is shown."""
    mirror: Percent = 0
    """Percent of the others' requests of which a deployment without a share gets a copy; its
    answers are dropped."""
    sticky: Sticky = ""
    """`header:<name>` or `cookie:<name>`: requests with equal values stay with a deployment."""

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if any(step >= after for step, after in zip(self.steps, self.steps[1:], strict=False)):
            steps = ", ".join(map(str, self.steps))
            raise ValueError(f"steps {steps}; allowed: each above the one before")
        return self

    def plan(self, direction_of: Callable[[str], Direction]) -> plan.TrafficPlan:
        """Return the plan; `direction_of` gives a metric's direction where none is stated."""
        return plan.TrafficPlan(
            steps=self.steps,
            bake_minutes=self.bake_minutes,
            bake_requests=self.bake_requests,
            must_hold=tuple(
                plan.Condition(
                    metric=each.metric,
                    at_least=each.at_least,
                    at_most=each.at_most,
                    max_drop=each.max_drop,
                    direction=each.direction or direction_of(each.metric),
                )
                for each in self.must_hold
            ),
            rollback_when=tuple(
                plan.Trigger(
                    metric=each.metric,
                    above=each.above,
                    below=each.below,
                    drop=each.drop,
                    direction=each.direction or direction_of(each.metric),
                )
                for each in self.rollback_when
            ),
            mirror=self.mirror,
            sticky=self.sticky,
        )
