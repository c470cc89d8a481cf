from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llmops.reporters.html.differences import Sign, diff, prompt_differences

LINES = st.lists(st.text("ab {}", max_size=8), max_size=6).map("\n".join)


def side(before: str, after: str, *signs: Sign) -> list[str]:
    """Return the lines of one side, put together from their pieces."""
    lines = diff(before, after)
    return ["".join(p.text for p in line.pieces) for line in lines if line.sign in signs]


@given(LINES, LINES)
def test_both_texts_can_be_read_from_their_difference(before: str, after: str) -> None:
    assert side(before, after, "same", "out") == before.splitlines()
    assert side(before, after, "same", "in") == after.splitlines()


def test_only_the_words_that_changed_are_marked() -> None:
    marked = {
        (line.sign, piece.text)
        for line in diff("Answer with one word.", "Answer with two words.")
        for piece in line.pieces
        if piece.differs
    }
    assert marked == {("out", "one"), ("out", "word"), ("in", "two"), ("in", "words")}


def test_lines_with_little_in_common_are_not_marked_word_by_word() -> None:
    pieces = [piece for line in diff("a b c d", "w x y z") for piece in line.pieces]
    assert not any(piece.differs for piece in pieces if piece.text.strip())


def test_each_prompt_that_differs_is_shown_once_with_all_who_have_it() -> None:
    prompts = {"classify": {"a": "one", "b": "two", "c": "two", "d": "one"}, "read": {"b": "x"}}
    (found,) = prompt_differences(prompts, "a")
    assert (found.node, found.configurations) == ("classify", ("b", "c"))
    assert prompt_differences(prompts, None) == ()
