from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from llmops.difference import Piece, difference


@given(st.text(), st.text())
def test_the_pieces_are_the_texts(left: str, right: str) -> None:
    ours, theirs = difference(left, right)
    assert "".join(piece.text for piece in ours) == left
    assert "".join(piece.text for piece in theirs) == right


@given(st.text(), st.text())
def test_what_is_not_marked_is_the_same_on_both_sides(left: str, right: str) -> None:
    same = ["".join(piece.text for piece in side if not piece.differs)
            for side in difference(left, right)]  # fmt: skip
    assert same[0] == same[1]


def test_words_are_compared_and_not_letters() -> None:
    ours, theirs = difference("The soup was cold.", "The soup was old.")
    assert ours[1] == Piece("cold", differs=True)
    assert theirs[1] == Piece("old", differs=True)


def test_equal_texts_have_no_mark() -> None:
    assert difference("same", "same") == ((Piece("same", differs=False),),) * 2
    assert difference("", "") == ((), ())


def test_a_text_that_is_too_long_is_shown_without_marks() -> None:
    ours, theirs = difference("a " * 4000, "b")
    assert [piece.differs for piece in (*ours, *theirs)] == [False, False]
