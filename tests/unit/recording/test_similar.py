"""The nearest of many texts."""

from __future__ import annotations

from llmops.recording.similar import Similar, change


def test_rare_words_decide() -> None:
    texts = [f"Classify this message with care: item {number}" for number in range(2000)]
    similar = Similar(texts)
    assert similar.nearest("Please sort item 1234") == [1234]


def test_nothing_in_common_is_nothing_near() -> None:
    assert Similar(["one two"]).nearest("three") == []
    assert Similar([]).nearest("three") == []


def test_equally_near_texts_are_all_named() -> None:
    assert Similar(["a cat", "a dog", "a cat"]).nearest("the cat") == [0, 2]


def test_a_change_is_shown_with_a_little_around_it() -> None:
    text = "word " * 100
    here, there = change(f"{text}black {text}", f"{text}white {text}")
    assert here == "'...word word word black word word w...'"
    assert there == "'...word word word white word word w...'"


def test_a_long_change_is_cut() -> None:
    here, there = change("x" * 500, "")
    assert len(here) < 80
    assert there == "''"
