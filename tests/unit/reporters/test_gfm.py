from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from llmops.reporters.markdown.gfm import table, text

MARKDOWN = MarkdownIt("commonmark").enable(["table", "strikethrough"])
PLAIN = {"inline", "text", "text_special", "softbreak"}


def cells(markdown: str) -> list[str]:
    """Return the text of each cell, and fail where one holds markup."""
    found: list[str] = []
    for token in MARKDOWN.parse(markdown):
        if token.type == "inline":
            assert {child.type for child in token.children or ()} <= PLAIN
            found.append("".join(child.content for child in token.children or ()))
    return found


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_stays_a_cell(first: str, second: str) -> None:
    parsed = cells(table(("a", "b"), [(first, second), ("last", "row")], room=100_000))
    assert len(parsed) == 6
    assert parsed[:2] == ["a", "b"]
    assert parsed[4:] == ["last", "row"]


def test_markup_is_shown_as_it_was_written() -> None:
    said = r"<b>*x*</b> | `y` \ [z](http://u) ![i](u) ~~s~~ &amp; $a$ #1"
    assert cells(table(("a",), [(said,)], room=1000))[1] == said


def test_rows_that_do_not_fit_are_counted() -> None:
    rows = [("é" * 50,)] * 100
    made = table(("a",), rows, room=2000)
    shown = made.count("éé |")
    assert len(made.encode()) < 2000 + 40
    assert made.endswith(f"{100 - shown} more in report.html.")
    assert 10 < shown < 20


def test_a_long_text_is_cut() -> None:
    assert len(text("x" * 1000)) == 200
