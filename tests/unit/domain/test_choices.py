"""What people call configurations."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llmops.domain.choices import choices_of, short_names
from llmops.domain.configuration import Configuration

USUAL = {"prepare": "whole", "classify": "one_word"}


def shorts(*configurations: Configuration, baseline: int | None = None) -> list[str]:
    """Return what each is called."""
    ids = {str(place): each for place, each in enumerate(configurations)}
    return list(short_names(ids, None if baseline is None else str(baseline)).values())


def test_what_is_the_same_in_all_is_dropped() -> None:
    same: dict[str, object] = {"read_answer.strict": True}
    first = Configuration(variants={"classify": "short", "prepare": "whole"}, parameters=same)
    second = Configuration(variants={"classify": "examples", "prepare": "whole"}, parameters=same)
    assert shorts(first, second) == ["short", "examples"]
    choices = choices_of({"a": first, "b": second})
    assert choices.varied == ("classify",)
    assert choices.constant == {"prepare": "whole", "read_answer.strict": "true"}


def test_a_value_that_says_nothing_alone_keeps_its_name() -> None:
    first = Configuration(parameters={"classify.temperature": 0, "read.strict": True})
    second = Configuration(parameters={"classify.temperature": 0.7, "read.strict": False})
    assert shorts(first, second) == [
        "temperature 0 · strict true",
        "temperature 0.7 · strict false",
    ]


def test_nodes_whose_variants_share_names_are_told_apart() -> None:
    first = Configuration(variants={"a": "variant_0", "b": "variant_1"})
    second = Configuration(variants={"a": "variant_1", "b": "variant_0"})
    assert shorts(first, second, baseline=0) == [
        "a variant_0 · b variant_1",
        "a variant_1 · b variant_0",
    ]


def test_parameters_that_end_alike_keep_their_nodes() -> None:
    first = Configuration(parameters={"a.temperature": 0, "b.temperature": 1})
    second = Configuration(parameters={"a.temperature": 1, "b.temperature": 0})
    assert shorts(first, second)[0] == "a.temperature 0 · b.temperature 1"


def test_a_parameter_that_only_some_state_is_unset_in_the_others() -> None:
    first = Configuration(variants={"a": "x"})
    second = Configuration(variants={"a": "x"}, parameters={"a.temperature": 1})
    assert shorts(first, second) == ["temperature unset", "temperature 1"]


def test_a_single_configuration_has_its_label() -> None:
    assert shorts(Configuration(variants={"a": "x"})) == ["a=x"]
    assert shorts(Configuration()) == ["default"]


def test_what_is_the_baseline_s_goes_unsaid_where_the_rest_tells_them_apart() -> None:
    one_change = (
        Configuration(variants=USUAL),
        Configuration(variants={**USUAL, "classify": "few_shot"}),
        Configuration(variants={**USUAL, "prepare": "last_sentence"}),
    )
    assert shorts(*one_change, baseline=0) == [
        "whole · one_word",
        "few_shot",
        "last_sentence",
    ]
    both = Configuration(variants={"prepare": "last_sentence", "classify": "few_shot"})
    assert shorts(*one_change, both, baseline=0) == [
        "whole · one_word",
        "whole · few_shot",
        "last_sentence · one_word",
        "last_sentence · few_shot",
    ]


def test_what_differs_from_the_baseline_is_always_said() -> None:
    first = Configuration(variants=USUAL)
    second = Configuration(variants={"prepare": "cut", "classify": "few_shot"})
    assert shorts(first, second, baseline=0) == ["whole · one_word", "cut · few_shot"]


@given(
    points=st.lists(st.tuples(*[st.sampled_from("xyz")] * 3), min_size=1, max_size=8, unique=True),
    data=st.data(),
)
def test_no_two_configurations_are_called_the_same(
    points: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    grid = [Configuration(variants=dict(zip("abc", point, strict=True))) for point in points]
    names = shorts(*grid, baseline=data.draw(st.integers(0, len(grid) - 1)))
    assert len(set(names)) == len(names)
