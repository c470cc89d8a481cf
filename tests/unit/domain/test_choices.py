from __future__ import annotations

from dataclasses import replace

from llmops.domain.call import Usage
from llmops.domain.configuration import Configuration
from llmops.domain.report import ConfigurationReport, Figures
from llmops.reporters.html.names import choices_of, names_of

FIGURES = Figures(
    n=1, errors=0, missing=0, usage=Usage(), calls=1, paid_calls=1, cost=None, p50=None, p95=None
)


def item(key: str, variants: dict[str, str], parameters: dict[str, object]) -> ConfigurationReport:
    """Return a configuration; the first is the baseline."""
    configuration = Configuration(variants=variants, parameters=parameters)
    return ConfigurationReport(
        key=key,
        id=configuration.id,
        label=configuration.label,
        configuration=configuration,
        is_baseline=key == "A",
        figures=FIGURES,
        cells=(),
    )


def shorts(*items: ConfigurationReport) -> list[str]:
    """Return what is shown of each."""
    names = names_of(items, choices_of(items))
    return [names[each.id].short for each in items]


def test_what_is_the_same_in_all_is_dropped() -> None:
    same: dict[str, object] = {"read_answer.strict": True}
    first = item("A", {"classify": "short", "prepare": "whole"}, same)
    second = item("B", {"classify": "examples", "prepare": "whole"}, same)
    assert shorts(first, second) == ["short", "examples"]
    assert choices_of([first, second]).constant == {
        "prepare": "whole",
        "read_answer.strict": "true",
    }


def test_a_value_that_says_nothing_alone_keeps_its_name() -> None:
    first = item("A", {}, {"classify.temperature": 0, "read.strict": True})
    second = item("B", {}, {"classify.temperature": 0.7, "read.strict": False})
    assert shorts(first, second) == [
        "temperature 0 · strict true",
        "temperature 0.7 · strict false",
    ]


def test_nodes_whose_variants_share_names_are_told_apart() -> None:
    first = item("A", {"a": "variant_0", "b": "variant_1"}, {})
    second = item("B", {"a": "variant_1", "b": "variant_0"}, {})
    assert shorts(first, second) == ["a variant_0 · b variant_1", "a variant_1 · b variant_0"]


def test_parameters_that_end_alike_keep_their_nodes() -> None:
    first = item("A", {}, {"a.temperature": 0, "b.temperature": 1})
    second = item("B", {}, {"a.temperature": 1, "b.temperature": 0})
    assert shorts(first, second)[0] == "a.temperature 0 · b.temperature 1"


def test_a_single_configuration_has_its_label() -> None:
    only = item("A", {"a": "x"}, {})
    assert shorts(only) == ["a=x"]
    assert shorts(replace(only, label="default")) == ["default"]
