from __future__ import annotations

from dataclasses import replace

import pytest

from llmops.domain.analysis import Objective
from llmops.domain.call import Usage
from llmops.domain.configuration import Configuration
from llmops.domain.report import (
    Cell,
    Columns,
    ConfigurationReport,
    Figures,
    RunReport,
    Score,
)
from llmops.domain.run import Spent
from llmops.reporters.html.wording import finding

FIGURES = Figures(
    n=9, errors=1, missing=0, usage=Usage(), calls=9, paid_calls=9, cost=None, p50=1.0, p95=2.0
)


def configuration(key: str, *values: float | None, baseline: bool = False) -> ConfigurationReport:
    """Return a configuration with one value per dataset."""
    cells = [
        Cell(
            dataset=f"d{place}",
            figures=FIGURES,
            scores={"m": Score(values=(value,), n=9, errors=1, missing=0)},
        )
        for place, value in enumerate(values)
    ]
    return ConfigurationReport(
        key=key,
        id=key,
        label=f"x={key}",
        configuration=Configuration(variants={"x": key}),
        is_baseline=baseline,
        figures=replace(FIGURES, n=9 * len(values), errors=len(values)),
        cells=tuple(cells),
    )


def run_report(*configurations: ConfigurationReport, objective: bool = True) -> RunReport:
    """Return a report of configurations that are ordered already."""
    return RunReport(
        run="r",
        experiment="e",
        created="",
        status="completed",
        currency="USD",
        datasets={"d0": 10, "d1": 10},
        repeats=1,
        metrics=("m",),
        objective=Objective(metric="m", direction="maximize") if objective else None,
        figures=FIGURES,
        spent=Spent(),
        configurations=configurations,
        columns=Columns(data=(), outputs=(), evaluations=()),
    )


def test_the_finding_names_the_best_and_says_that_nothing_was_tested() -> None:
    found = finding(
        run_report(configuration("A", 0.8, 0.6), configuration("B", 0.5, 0.7, baseline=True))
    )
    assert found.title == "A is best by mean m: 0.700"
    assert "The baseline B has 0.600." in found.caveats
    assert any("No significance test was made" in caveat for caveat in found.caveats)
    assert any("A was scored on 18 of 20 lines" in caveat for caveat in found.caveats)


def test_ties_are_named() -> None:
    equal = [configuration(key, 0.5) for key in "ABC"]
    assert finding(run_report(*equal)).title == "A, B and C tie for best by mean m: 0.500"


def test_a_configuration_without_a_value_on_some_dataset_is_not_ranked() -> None:
    found = finding(run_report(configuration("A", 0.5, 0.5), configuration("B", 1.0, None)))
    assert found.title.startswith("A is best")
    assert "Not ranked, for want of m on some dataset: B." in found.caveats


@pytest.mark.parametrize(
    ("report", "title"),
    [
        (run_report(configuration("A", None)), "No configuration has m on every dataset"),
        (run_report(configuration("A", 0.5)), "Mean m is 0.500"),
        (
            run_report(configuration("A", 0.5), configuration("B", 0.9), objective=False),
            "2 configurations, in the order planned",
        ),
    ],
)
def test_without_a_ranking_none_is_claimed(report: RunReport, title: str) -> None:
    assert finding(report).title == title


def test_repeats_are_averaged_over_those_that_have_a_value() -> None:
    assert Score(values=(0.5, None, 1.0), n=2, errors=0, missing=1).value == 0.75
