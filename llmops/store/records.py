"""The records of `run.jsonl`: values to JSON objects and back.

What a reader can know is left out: empty parts and defaults are not written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

from llmops.domain.call import Answer, Usage
from llmops.domain.deployment import Condition, TrafficPlan, Trigger
from llmops.domain.run import Evaluation, LineError, LineRecord, LineResult, Metric

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.run import CallRecord

Fields = dict[str, Any]
"""A decoded JSON object, trusted to have the form that this module wrote."""


def traffic_plan_of(fields: Fields) -> TrafficPlan:
    """Return a traffic plan that a manifest holds."""
    parts: Fields = {
        "steps": tuple(fields["steps"]),
        "must_hold": tuple(Condition(**each) for each in fields["must_hold"]),
        "rollback_when": tuple(Trigger(**each) for each in fields["rollback_when"]),
    }
    return TrafficPlan(**{**fields, **parts})


def call_fields(record: CallRecord) -> Fields:
    """Return the JSON object of a paid answer."""
    answer = record.answer
    fields: Fields = {
        "kind": "call",
        "dataset": record.dataset,
        "line": record.line,
        "repeat": record.repeat,
        "key": record.key,
        "node": record.node,
        "output": answer.output,
        "seconds": answer.seconds,
        "usage": _usage_fields(answer.usage),
        "calls": answer.calls,
        "model": answer.model,
    }
    if answer.cost is not None:
        fields["cost"] = answer.cost
    return fields


def answer_of(fields: Fields) -> Answer:
    """Return the answer that a `call` record holds."""
    return Answer(
        output=fields["output"],
        seconds=fields["seconds"],
        usage=Usage(**fields["usage"]),
        calls=fields["calls"],
        model=fields["model"],
        cost=fields.get("cost"),
    )


def line_fields(record: LineRecord) -> Fields:
    """Return the JSON object of a line's results."""
    return {
        "kind": "line",
        "dataset": record.dataset,
        "line": record.line,
        "repeat": record.repeat,
        "data": record.data,
        "results": {trial: _result_fields(result) for trial, result in record.results.items()},
    }


def line_of(fields: Fields) -> LineRecord:
    """Return the line that a `line` record holds."""
    return LineRecord(
        dataset=fields["dataset"],
        line=fields["line"],
        repeat=fields["repeat"],
        data=fields["data"],
        results={trial: _result_of(result) for trial, result in fields["results"].items()},
    )


def metric_fields(metric: Metric) -> Fields:
    """Return the JSON object of a metric; `type` is its kind."""
    return {
        "kind": "metric",
        "trial": metric.trial,
        "evaluator": metric.evaluator,
        "name": metric.name,
        "type": metric.kind,
        "value": metric.value,
        "n": metric.n,
        "errors": metric.errors,
        "missing": metric.missing,
    }


def metric_of(fields: Fields) -> Metric:
    """Return the metric that a `metric` record holds."""
    return Metric(
        trial=fields["trial"],
        evaluator=fields["evaluator"],
        name=fields["name"],
        kind=cast("Literal['aggregated', 'mean']", fields["type"]),
        value=fields["value"],
        n=fields["n"],
        errors=fields["errors"],
        missing=fields["missing"],
    )


def _result_fields(result: LineResult) -> Fields:
    fields: Fields = {
        "outputs": result.outputs,
        "seconds": result.seconds,
        "usage": _usage_fields(result.usage),
        "calls": result.calls,
        "paid_calls": result.paid_calls,
    }
    if result.cost is not None:
        fields["cost"] = result.cost
    if result.aggregation_inputs:
        fields["aggregation_inputs"] = result.aggregation_inputs
    if result.error:
        fields["error"] = _error_fields(result.error)
    if result.evaluations:
        fields["evaluations"] = {
            name: _evaluation_fields(evaluation) for name, evaluation in result.evaluations.items()
        }
    return fields


def _result_of(fields: Fields) -> LineResult:
    evaluations: Mapping[str, Fields] = fields.get("evaluations", {})
    return LineResult(
        outputs=fields["outputs"],
        seconds=fields["seconds"],
        usage=Usage(**fields["usage"]),
        calls=fields["calls"],
        paid_calls=fields["paid_calls"],
        cost=fields.get("cost"),
        aggregation_inputs=fields.get("aggregation_inputs", {}),
        error=_error_of(fields),
        evaluations={name: _evaluation_of(item) for name, item in evaluations.items()},
    )


def _evaluation_fields(evaluation: Evaluation) -> Fields:
    fields: Fields = {"outputs": evaluation.outputs}
    if evaluation.aggregation_inputs:
        fields["aggregation_inputs"] = evaluation.aggregation_inputs
    if evaluation.error:
        fields["error"] = _error_fields(evaluation.error)
    if evaluation.answers:
        fields["answers"] = evaluation.answers
    return fields


def _evaluation_of(fields: Fields) -> Evaluation:
    return Evaluation(
        outputs=fields["outputs"],
        aggregation_inputs=fields.get("aggregation_inputs", {}),
        error=_error_of(fields),
        answers=tuple(fields.get("answers", ())),
    )


def _error_fields(error: LineError) -> Fields:
    return {"node": error.node, "kind": error.kind, "message": error.message}


def _error_of(fields: Fields) -> LineError | None:
    return LineError(**fields["error"]) if "error" in fields else None


def _usage_fields(usage: Usage) -> Fields:
    fields = {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens}
    if usage.cached_tokens:
        fields["cached_tokens"] = usage.cached_tokens
    return fields
