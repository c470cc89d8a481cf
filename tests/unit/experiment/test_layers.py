from __future__ import annotations

import pytest

from llmops.errors import ConfigError
from llmops.experiment.layers import Layers, Raw, apply_overrides, merge, merge_layers

BASE: Raw = {
    "name": "reviews",
    "connections": [
        {"name": "aoai", "api_base": "a", "api_version": "1"},
        {"name": "gpt.4", "api_base": "b"},
    ],
    "datasets": [{"name": "train"}, {"source": "nameless.jsonl"}],
    "evaluators": [{"name": "match"}],
    "executor": {"max_concurrency": 4, "share": True},
    "prices": {"gpt-4.1": {"input_per_million": 2}},
}


def overridden(*overrides: str) -> Raw:
    return apply_overrides(merge_layers([("base", BASE)]), overrides).merged


class TestOverlay:
    def test_mappings_merge_lists_and_scalars_replace_null_removes(self) -> None:
        overlay: Raw = {
            "executor": {"max_concurrency": 8},
            "datasets": [{"name": "pr"}],
            "evaluators": None,
            "budget": {"calls": 10, "money": None},
        }
        assert merge(BASE, overlay) == {
            **{key: BASE[key] for key in ("name", "connections", "prices")},
            "executor": {"max_concurrency": 8, "share": True},
            "datasets": [{"name": "pr"}],
            "budget": {"calls": 10},
        }

    def test_changes_neither_side(self) -> None:
        overlay: Raw = {"executor": {"share": None}}
        merge(BASE, overlay)
        assert BASE["executor"] == {"max_concurrency": 4, "share": True}
        assert overlay == {"executor": {"share": None}}


class TestOverrides:
    def test_values_are_yaml(self) -> None:
        merged = overridden(
            "executor.max_concurrency=2", "executor.share=false", "name=x: y", "budget={calls: 5}"
        )
        assert merged["executor"] == {"max_concurrency": 2, "share": False}
        assert merged["budget"] == {"calls": 5}

    def test_items_are_found_by_name(self) -> None:
        merged = overridden("connections.aoai.api_base=x", "connections.gpt.4.api_base=y")
        assert merged["connections"] == [
            {"name": "aoai", "api_base": "x", "api_version": "1"},
            {"name": "gpt.4", "api_base": "y"},
        ]

    def test_keys_that_hold_dots(self) -> None:
        merged = overridden(
            "parameters.classify.temperature=[0, 1]",
            "parameters.classify.top_p=1",
            "prices.gpt-4.1.input_per_million=3",
        )
        assert merged["parameters"] == {"classify.temperature": [0, 1], "classify.top_p": 1}
        assert merged["prices"] == {"gpt-4.1": {"input_per_million": 3}}

    def test_nothing_removes(self) -> None:
        assert "evaluators" not in overridden("evaluators=")
        assert overridden("executor.share=")["executor"] == {"max_concurrency": 4}

    def test_all_mistakes_are_named(self) -> None:
        with pytest.raises(ConfigError) as caught:
            overridden("executor", "connections.aoia.api_base=x", "name=[")
        assert [str(fault) for fault in caught.value.faults] == [
            "--set executor: no value; allowed: a.b=value",
            (
                "--set connections.aoia.api_base: no item is named 'aoia'; "
                "allowed: aoai, gpt.4; did you mean 'aoai'?"
            ),
            (
                "--set name, line 1: not valid YAML: expected the node content, "
                "but found '<stream end>'"
            ),
        ]


class TestWhere:
    layers: Layers = apply_overrides(
        merge_layers(
            [("base", BASE), ("overlay", {"datasets": [{"name": "pr"}], "executor": {"x": 1}})]
        ),
        ["connections.aoai.api_base=x"],
    )

    @pytest.mark.parametrize(
        ("path", "expected"),
        [
            (("executor", "max_concurrency"), "base: executor.max_concurrency"),
            (("executor", "x"), "overlay: executor.x"),
            (("datasets", "pr", "source"), "overlay: datasets.pr.source"),
            (("connections", "aoai", "api_base"), "--set: connections.aoai.api_base"),
            (("connections", "aoai", "api_version"), "base: connections.aoai.api_version"),
            (("evaluators", 0, "flow"), "base: evaluators[0].flow"),
        ],
    )
    def test_names_the_source_that_has_the_path(
        self, path: tuple[str | int, ...], expected: str
    ) -> None:
        assert self.layers.where(*path) == expected

    def test_names_are_those_of_the_merged_lists(self) -> None:
        assert self.layers.names("datasets") == ["pr"]
        assert self.layers.names("connections") == ["aoai", "gpt.4"]
        assert self.layers.names("parameters") == []


def test_what_yaml_takes_for_a_date_stays_text() -> None:
    merged = overridden("connections.aoai.api_version=2024-10-21")
    assert merged["connections"] == [
        {"name": "aoai", "api_base": "a", "api_version": "2024-10-21"},
        {"name": "gpt.4", "api_base": "b"},
    ]
