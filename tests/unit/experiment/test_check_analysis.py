from __future__ import annotations

import pytest

from llmops.domain.flow import FlowInterface
from llmops.experiment.check_analysis import check_analysis, check_metric
from llmops.experiment.layers import Layers
from llmops.experiment.model import ExperimentFile

COLUMNS = {"first": ("text", "topic"), "second": ("text", "language")}
FLOW = FlowInterface(inputs=(), outputs=("answer",))


def faults_of(**sections: object) -> list[str]:
    """Return what is wrong with an experiment of two datasets and one evaluator, `match`."""
    judged = {"name": "match", "datasets": [{"name": name} for name in COLUMNS]}
    datasets = [{"name": name, "source": f"{name}.csv"} for name in COLUMNS]
    raw = {"name": "e", "datasets": datasets, "evaluators": [judged], **sections}
    settings = ExperimentFile.model_validate(raw)
    layers = Layers(sources=(("e.yaml", raw),), merged=raw)
    return [str(fault) for fault in check_analysis(settings, layers, COLUMNS, FLOW)]


@pytest.mark.parametrize("metric", ["accuracy", "match.accuracy", "match.v2.accuracy"])
def test_a_metric_that_may_exist(metric: str) -> None:
    assert list(check_metric(metric, ["match", "match.v2"], "o")) == []


def test_metrics_of_an_unknown_evaluator_wherever_they_stand() -> None:
    gates = [{"metric": "error_rate", "at_most": 0}, {"metric": "mach.x", "at_least": 1}]
    said = faults_of(
        objective={"metric": "mach.accuracy"},
        guardrails=[{"metric": "mach.tone"}],
        gates=gates,
        statistics={"metrics": ["mach.length"]},
    )
    assert [line.partition(";")[0] for line in said] == [
        "e.yaml: objective.metric: no evaluator 'mach'",
        "e.yaml: guardrails[0].metric: no evaluator 'mach'",
        "e.yaml: gates[1].metric: no evaluator 'mach'",
        "e.yaml: statistics.metrics: no evaluator 'mach'",
    ]


def test_columns_that_every_dataset_needs() -> None:
    statistics = {"group": "topic", "holdout": {"column": "langage", "values": ["de"]}}
    assert faults_of(statistics=statistics) == [
        ("e.yaml: statistics.group, dataset 'second': no column 'topic'; allowed: text, language"),
        (
            "e.yaml: statistics.holdout.column, dataset 'first': no column 'langage'; "
            "allowed: text, topic"
        ),
        (
            "e.yaml: statistics.holdout.column, dataset 'second': no column 'langage'; "
            "allowed: text, language; did you mean 'language'?"
        ),
    ]


def test_columns_that_one_dataset_needs() -> None:
    assert (
        faults_of(
            statistics={
                "slices": ["topic", "language"],
                "labels": {"expected": "topic", "predicted": "answer"},
            },
            gates=[{"metric": "match.x", "at_least": 0.5, "slice": "language"}],
        )
        == []
    )


def test_everything_else_that_is_not_there() -> None:
    said = faults_of(
        statistics={"slices": ["topik"], "labels": {"expected": "text", "predicted": "anwser"}},
        gates=[{"metric": "match.x", "at_least": 0.5, "slice": "x", "dataset": "third"}],
        search="racing",
        limits={"cost_per_line": 0.1},
    )
    assert [line.partition(";")[0] for line in said] == [
        "e.yaml: statistics.slices: no column 'topik'",
        "e.yaml: gates[0].slice: no column 'x'",
        "e.yaml: gates[0].dataset: no dataset 'third'",
        "e.yaml: statistics.labels.predicted: no output 'anwser'",
        "e.yaml: search: racing, but no objective",
        "e.yaml: limits.cost_per_line: no model has a price",
    ]
