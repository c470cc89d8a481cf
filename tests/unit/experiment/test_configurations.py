from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llmops.domain.flow import FlowInterface, NodeVariants
from llmops.errors import ConfigError, Fault
from llmops.experiment.configurations import find_configurations, select_configurations
from llmops.experiment.layers import Raw, merge_layers
from llmops.experiment.model import ExperimentFile

if TYPE_CHECKING:
    from llmops.domain.configuration import Configuration

FLOW = FlowInterface(
    inputs=(),
    outputs=(),
    variants=(
        NodeVariants(node="tag", default="b", ids=("a", "b", "c")),
        NodeVariants(node="judge", default="x", ids=("x", "y")),
    ),
    parameters=frozenset({"tag.temperature", "init.depth"}),
    open_parameters=frozenset({"judge"}),
)


def find(raw: Raw) -> tuple[tuple[Configuration, ...], list[Fault]]:
    raw = {"name": "n", "datasets": [{"name": "d", "source": "s"}], **raw}
    faults: list[Fault] = []
    settings = ExperimentFile.model_validate(raw)
    return find_configurations(settings, FLOW, merge_layers([("e", raw)]), faults), faults


def variants(raw: Raw) -> list[str]:
    found, faults = find(raw)
    assert faults == []
    return ["".join(each.variants.values()) for each in found]


def faults_of(raw: Raw) -> list[str]:
    found, faults = find(raw)
    assert found == ()
    return [str(fault) for fault in faults]


class TestStrategies:
    def test_grid_has_every_combination_the_default_first(self) -> None:
        assert variants({}) == ["bx", "ax", "ay", "by", "cx", "cy"]

    def test_one_at_a_time_has_the_default_once(self) -> None:
        assert variants({"combinations": "one_at_a_time"}) == ["bx", "ax", "cx", "by"]

    def test_a_list_fills_up_with_defaults_and_has_nothing_twice(self) -> None:
        chosen = [{"tag": "c"}, {"judge": "y"}, {"tag": "c", "judge": "x"}]
        assert variants({"combinations": chosen}) == ["cx", "by"]

    def test_include_and_exclude_match_in_part(self) -> None:
        combinations = {"include": [{"tag": "a"}, {"tag": "b"}], "exclude": [{"judge": "y"}]}
        assert variants({"combinations": combinations}) == ["bx", "ax"]

    def test_exclude_knows_parameters(self) -> None:
        found, _ = find(
            {
                "combinations": {"exclude": [{"tag": "a", "tag.temperature": 0.7}]},
                "parameters": {"tag.temperature": [0, 0.7]},
            }
        )
        assert len(found) == 6 * 2 - 2


class TestParameters:
    def test_lists_multiply_and_scalars_are_set(self) -> None:
        parameters = {"tag.temperature": [0, 0.7], "judge.model": "m", "init.depth": [1, 2, 3]}
        found, faults = find({"parameters": parameters})
        assert faults == []
        assert len(found) == 6 * 2 * 3
        assert len({each.id for each in found}) == len(found)
        assert found[0].parameters == {"tag.temperature": 0, "judge.model": "m", "init.depth": 1}

    def test_a_list_in_the_list_is_one_value(self) -> None:
        found, _ = find({"combinations": [{}], "parameters": {"judge.stop": [["a", "b"]]}})
        assert [each.parameters for each in found] == [{"judge.stop": ["a", "b"]}]


class TestBaseline:
    @pytest.mark.parametrize(
        "baseline",
        [
            {"tag": "c", "tag.temperature": 0.7},
            "tag=c, tag.temperature=0.7",
            "judge=x, tag=c, tag.temperature=0.7",
        ],
    )
    def test_comes_first_and_takes_defaults_for_the_rest(self, baseline: object) -> None:
        found, faults = find({"baseline": baseline, "parameters": {"tag.temperature": [0, 0.7]}})
        assert faults == []
        assert found[0].label == "judge=x, tag=c, tag.temperature=0.7"
        assert len(found) == 12

    def test_is_the_first_where_the_default_does_not_run(self) -> None:
        assert variants({"combinations": [{"tag": "c"}, {"tag": "a"}]}) == ["cx", "ax"]

    def test_must_run(self) -> None:
        raw: Raw = {"combinations": [{"tag": "c"}], "baseline": {"tag": "a"}}
        (fault,) = faults_of(raw)
        assert fault == (
            "e: baseline: {'tag': 'a'} is not among the 1 combinations; allowed: 'judge=x, tag=c'"
        )


class TestFaults:
    def test_all_unknown_names_are_reported(self) -> None:
        raw: Raw = {
            "combinations": {
                "include": [{"tga": "a"}, {"tag": "d"}],
                "exclude": [{"tag.temperature": 2}],
            },
            "parameters": {"tag.temperature": [0, 1], "tag.temprature": 1, "judge.x": []},
            "baseline": {"judge": "z"},
        }
        assert faults_of(raw) == [
            (
                "e: parameters.tag.temprature: no parameter 'tag.temprature'; "
                "allowed: init.depth, judge.temprature, tag.temperature; "
                "did you mean 'tag.temperature'?"
            ),
            "e: parameters.judge.x: an empty list; allowed: at least one value",
            (
                "e: combinations.include[0].tga: no node with variants 'tga'; "
                "allowed: tag, judge, tag.temperature, tag.temprature, judge.x; did you mean 'tag'?"
            ),
            "e: combinations.include[1].tag: no variant 'd'; allowed: a, b, c",
            "e: combinations.exclude[0].tag.temperature: 2; allowed: 0, 1",
            "e: baseline.judge: no variant 'z'; allowed: x, y",
        ]

    def test_a_listed_combination_names_nodes_only(self) -> None:
        raw: Raw = {"combinations": [{"tag.temperature": "1"}]}
        assert faults_of(raw)[0].startswith("e: combinations[0].tag.temperature: no node")

    def test_something_must_be_left(self) -> None:
        combinations = {"exclude": [{"judge": "x"}, {"judge": "y"}]}
        assert faults_of({"combinations": combinations}) == [
            "e: combinations: include and exclude leave no combination"
        ]


class TestSelection:
    among, _ = find({"parameters": {"judge.stop": [["a", "b"], "c"]}})

    @pytest.mark.parametrize(
        ("selections", "count"),
        [
            ([], 12),
            (["tag=a"], 4),
            (["tag=a, judge=y"], 2),
            (["tag=a,judge=y", "tag=c"], 6),
            (['tag=a,judge.stop=["a", "b"],judge=y'], 1),
            ([among[3].label], 1),
            ([among[3].id], 1),
        ],
    )
    def test_any_of_the_selections_keeps_a_configuration(
        self, selections: list[str], count: int
    ) -> None:
        found = select_configurations(self.among, selections)
        assert len(found) == count
        assert list(found) == [each for each in self.among if each in found]

    def test_every_selection_must_match(self) -> None:
        with pytest.raises(ConfigError) as caught:
            select_configurations(self.among, ["tag=a", "tga=a", "tag=a,tag=b"])
        first, second = map(str, caught.value.faults)
        assert first.startswith("--select tga=a: 'tga=a' is in no combination; allowed: ")
        assert first.endswith("did you mean 'tag=a'?")
        assert second.startswith("--select tag=a,tag=b: no such combination; allowed: ")
