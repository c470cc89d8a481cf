"""`summary.md` as GitHub and Azure Pipelines show it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from fake_comparison import ANALYSIS, fake_comparison
from fake_runs import write_run
from markdown_it import MarkdownIt

from llmops.cli.announce import announce
from llmops.domain.analysis import Gate
from llmops.errors import LLMOpsError
from llmops.gating import check_gates
from llmops.reporters import markdown
from llmops.store import RunReader
from llmops.summary import summarise

if TYPE_CHECKING:
    from pathlib import Path

    from llmops.domain.report import RunReport

GATES = (Gate(metric="accuracy", at_least=0.0), Gate(metric="accuracy", at_least=1.1))
HOSTILE = "</td>|<img src=x onerror=alert(1)>\n\n# big\n| a | b |\n[x](javascript:1) `c` **d**"


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> RunReport:
    return summarise(RunReader(write_run(tmp_path_factory.mktemp("run") / "r1", lines=30)))


def tables(text: str) -> list[list[list[str]]]:
    """Return every table as rows of cells, as a renderer reads it."""
    found: list[list[list[str]]] = []
    for token in MarkdownIt("commonmark", {"html": True}).enable("table").parse(text):
        assert token.type != "html_block"
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type == "inline":
            assert not any(child.type == "html_inline" for child in token.children or ())
            if found and token.level >= 4:
                found[-1][-1].append("".join(child.content for child in token.children or ()))
    return found


def test_the_verdict_comes_first_then_gates_effects_guardrails_and_costs(
    numbers: RunReport,
) -> None:
    comparison = replace(fake_comparison(), analysis=replace(ANALYSIS, gates=GATES))
    text = markdown.render(numbers, comparison, check_gates(numbers, comparison))
    assert text.startswith(f"### {comparison.decision.sentence}\n")
    gates, effects, guardrails, costs = tables(text)
    assert [row[0] for row in gates] == ["", "unmet", "met"]
    assert len(effects) == 1 + len(comparison.effects)
    first = dict(zip(effects[0], effects[1], strict=True))
    assert first["configuration"] == comparison.names[comparison.decision.configuration or ""]
    assert first["difference (95 % interval)"] == "+12.0 points (+5.0 to +19.0)"
    assert (first["p"], first["finding"]) == ("0.0024", "better")
    assert [row[0] for row in guardrails] == ["", "not kept", "kept", "kept"]
    assert len(costs) == 1 + len(numbers.configurations)
    for table in (gates, effects, guardrails, costs):
        assert {len(row) for row in table} == {len(table[0])}
    assert "racing saved 140 results, about 280 calls" in text
    assert sum("(stopped early)" in row[0] for row in costs) == 1


def test_a_best_by_mean_that_is_no_winner_is_marked(numbers: RunReport) -> None:
    comparison = fake_comparison("no winner")
    text = markdown.render(numbers, comparison, ())
    best = comparison.names[comparison.decision.best_by_mean or ""]
    assert f"Best by mean, which is no reason to take it: {best}." in text
    assert "Best by mean" not in markdown.render(numbers, fake_comparison(), ())


def test_what_an_interrupted_run_lacks_is_said(numbers: RunReport) -> None:
    figures = replace(numbers.figures, missing=12)
    stopped = replace(numbers, status="interrupted", figures=figures)
    text = markdown.render(stopped, fake_comparison(), ())
    assert "This run is interrupted: 12 of" in text


def test_no_text_is_markup(numbers: RunReport) -> None:
    comparison = fake_comparison()
    comparison = replace(
        comparison,
        names=dict.fromkeys(comparison.names, HOSTILE),
        decision=replace(comparison.decision, sentence=HOSTILE),
        guardrails=tuple(replace(each, sentence=HOSTILE) for each in comparison.guardrails),
    )
    hostile = replace(numbers, experiment=HOSTILE, run=HOSTILE)
    text = markdown.render(hostile, comparison, ())
    effects, guardrails, _ = tables(text)
    assert {row[0] for row in effects[1:]} == {" ".join(HOSTILE.split())}
    assert len(guardrails) == 1 + len(comparison.guardrails)


def test_it_stays_a_comment_however_large_the_run_is(numbers: RunReport) -> None:
    wide = "\N{GRINNING FACE}" * 300
    names = [f"{place}{wide}" for place in range(40)]
    comparison = fake_comparison(count=12, datasets=names)
    comparison = replace(
        comparison,
        names=dict.fromkeys(comparison.names, wide),
        decision=replace(comparison.decision, sentence="&" * 5000),
        analysis=replace(
            ANALYSIS, gates=tuple(Gate(metric=wide, dataset=name, at_least=1) for name in names)
        ),
    )
    large = replace(
        numbers,
        experiment=wide,
        run=wide,
        configurations=numbers.configurations * 30,
    )
    text = markdown.render(large, comparison, check_gates(large, comparison))
    assert 30_000 < len(text.encode()) < 60_000
    assert text.count("more in report.html.") == 4


def test_the_same_run_gives_the_same_bytes(tmp_path: Path, numbers: RunReport) -> None:
    for name in ("a.md", "b.md"):
        markdown.write(numbers, fake_comparison(), (), tmp_path / name)
    assert (tmp_path / "a.md").read_bytes() == (tmp_path / "b.md").read_bytes()


def test_github_gets_it_appended_and_azure_is_told_where_it_is(tmp_path: Path) -> None:
    summary, page = tmp_path / "summary.md", tmp_path / "page.md"
    summary.write_text("### é\n", encoding="utf-8")
    page.write_text("before\n", encoding="utf-8")
    assert announce(summary, {}) is None
    assert announce(summary, {"GITHUB_STEP_SUMMARY": str(page)}) is None
    assert page.read_text(encoding="utf-8") == "before\n### é\n\n"
    assert announce(summary, {"TF_BUILD": "True"}) == f"##vso[task.uploadsummary]{summary}"


def test_a_page_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("x", encoding="utf-8")
    with pytest.raises(LLMOpsError, match="GITHUB_STEP_SUMMARY"):
        announce(summary, {"GITHUB_STEP_SUMMARY": str(tmp_path)})
