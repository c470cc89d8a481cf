from __future__ import annotations

import csv
import json
import re
import resource
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from statistics import fmean, median

import pytest
from fake_runs import configurations, line_record, manifest, trials, write_run
from fake_scores import ScoredRun
from judged_run import add_means
from markupsafe import escape

from llmops.domain.analysis import Analysis, Objective
from llmops.domain.run import LineError
from llmops.errors import LLMOpsError
from llmops.pipeline.report import report
from llmops.reporters.csv.comparison import COLUMNS
from llmops.store import RunReader, RunWriter
from llmops.summary import summarise

DATASETS = ("restaurants", "gadgets")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "reports" / "reviews" / "r1"


def table(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_command_writes_the_same_bytes_again(folder: Path, tmp_path: Path) -> None:
    write_run(folder, lines=30, datasets=DATASETS, repeats=2, scored=True)
    written = report(folder)
    files = written.files
    before = [path.read_bytes() for path in files]
    for path in files:
        path.unlink()
    command = [sys.executable, "-c", "from llmops.cli import main; main()", "report", "reviews/r1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert str(written.html) in done.stdout
    assert [path.read_bytes() for path in files] == before
    assert {path.name for path in folder.iterdir()} == {
        "manifest.json", "run.jsonl", "run.lock", *(path.name for path in files)
    }  # fmt: skip


def test_results_have_a_row_for_every_line_and_trial(folder: Path) -> None:
    write_run(folder, lines=40, count=3, datasets=DATASETS, repeats=2)
    rows = table(report(folder).results)
    evidence = list(RunReader(folder).lines())
    assert len(rows) == sum(len(line.results) for line in evidence)
    by_place = {(row["dataset"], row["line"], row["repeat"], row["trial"]): row for row in rows}
    for line in evidence:
        for trial, result in line.results.items():
            row = by_place[line.dataset, str(line.line), str(line.repeat), trial]
            assert row["data.text"] == line.data["text"]
            assert row["status"] == ("error" if result.error else "ok")
            assert row["outputs.sentiment"] == result.outputs.get("sentiment", "")
            grade = result.evaluations["exact"].outputs["grade"] if result.evaluations else ""
            assert row["evaluator.exact.grade"] == grade
            assert row["error_kind"] == (result.error.kind if result.error else "")


def test_metrics_account_for_every_line(folder: Path) -> None:
    write_run(folder, lines=40, datasets=DATASETS)
    rows = table(report(folder).metrics)
    assert len(rows) == 8
    for row in rows:
        assert int(row["n"]) + int(row["errors"]) + int(row["missing"]) == int(row["lines"]) == 40
        assert row["evaluator"] == "exact"
        assert row["variant.classify"] in row["configuration"]


def test_the_numbers_are_those_of_the_evidence(folder: Path) -> None:
    write_run(folder, lines=50, count=2, datasets=DATASETS, repeats=2)
    numbers = report(folder).numbers
    reader = RunReader(folder)
    of_trial = {trial["id"]: trial for trial in reader.manifest["trials"]}
    for item in numbers.configurations:
        for cell in item.cells:
            results = [
                result
                for line in reader.lines()
                for trial, result in line.results.items()
                if of_trial[trial]["configuration"] == item.id and line.dataset == cell.dataset
            ]
            good = [result for result in results if not result.error]
            causes = Counter(
                f"{result.error.node}: {result.error.kind}" for result in results if result.error
            )
            assert (cell.figures.n, cell.figures.errors) == (len(good), len(results) - len(good))
            assert cell.figures.lines == 100
            assert cell.figures.p50 == pytest.approx(median(result.seconds for result in good))
            assert cell.figures.calls == sum(result.calls for result in results)
            assert cell.figures.cost == pytest.approx(sum(result.cost or 0 for result in results))
            assert cell.figures.causes == causes
        assert item.value("exact.accuracy") == fmean(
            fmean(value for value in cell.scores["exact.accuracy"].values if value is not None)
            for cell in item.cells
        )
    values = [item.value("exact.accuracy") or 0 for item in numbers.configurations]
    assert values == sorted(values, reverse=True)


@pytest.mark.parametrize("metric", ["exact.accuracy", "accuracy"])
def test_the_objective_may_be_named_in_short_and_minimised(folder: Path, metric: str) -> None:
    write_run(folder, lines=30)
    stated = json.loads((folder / "manifest.json").read_text())
    stated["analysis"] = {"objective": {"metric": metric, "direction": "minimize"}}
    (folder / "manifest.json").write_text(json.dumps(stated))
    numbers = summarise(RunReader(folder))
    values = [item.value("exact.accuracy") or 0 for item in numbers.configurations]
    assert values == sorted(values)
    assert numbers.best[0].key == "A"


def test_a_run_that_was_stopped_says_what_is_missing(folder: Path) -> None:
    work = trials(configurations(2), ("reviews",))
    writer = RunWriter.create(folder, manifest(configurations(2), 10), ())
    writer.write_event("started")
    for line in range(4):
        writer.write_line(line_record("reviews", line, 0, work))
    writer.close()
    written = report(folder)
    page = written.html.read_text()
    assert "The run is interrupted, not completed." in page
    assert "12 results are missing of 20" in page
    assert written.numbers.figures.missing == 12


def test_a_run_without_any_line_still_has_a_report(folder: Path) -> None:
    RunWriter.create(folder, {**manifest(configurations(1), 5), "analysis": {}}, ()).close()
    written = report(folder)
    assert "the experiment names no objective" in written.html.read_text().lower()
    assert table(written.results) == table(written.metrics) == []


def test_the_comparison_is_a_tidy_table_of_estimates_and_effects(folder: Path) -> None:
    write_run(folder, lines=60, count=3, datasets=DATASETS, scored=True)
    written = report(folder)
    rows = table(written.comparison_table)
    comparison = written.comparison
    of_kind = Counter(row["row"] for row in rows)
    assert of_kind == {"estimate": len(comparison.estimates), "effect": len(comparison.effects)}
    effects = {
        (row["configuration_id"], row["dataset"], row["metric"]): row
        for row in rows
        if row["row"] == "effect"
    }
    assert len(effects) == comparison.family.size == 2 * 2 * 2
    for effect in comparison.effects:
        row = effects[effect.configuration, effect.dataset, effect.metric]
        assert float(row["value"]) == effect.difference
        assert int(row["wins"]) + int(row["losses"]) + int(row["ties"]) == effect.pairs
        assert float(row["p_adjusted"]) == effect.p_adjusted
        assert row["configuration"] == comparison.labels[effect.configuration]
    for row in rows:
        if row["row"] == "estimate":
            assert int(row["n"]) + int(row["errors"]) + int(row["missing"]) == 60


def test_every_column_of_the_comparison_is_documented() -> None:
    page = (Path(__file__).parents[2] / "docs" / "reference" / "run.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| (`.+?`) \| (?:all|estimate|effect)", page, flags=re.MULTILINE)
    names = [name.strip("`") for cell in documented for name in cell.split(", ")]
    assert sorted([*names, "row"]) == sorted(COLUMNS)


def sections(page: str) -> list[str]:
    """Return the sections of a page in their order."""
    return re.findall(r'<section id="([a-z]+)"', page)


def test_the_page_goes_the_way_of_a_review(folder: Path) -> None:
    write_run(folder, lines=60, datasets=DATASETS, scored=True)
    assert sections(report(folder).html.read_text()) == [
        "effects", "checks", "tradeoffs", "estimates", "slices", "confusion",
        "lines", "choices", "spent", "identity",
    ]  # fmt: skip


def test_a_section_without_anything_to_say_is_left_out(folder: Path) -> None:
    write_run(folder, lines=5, count=1)
    page = report(folder).html.read_text()
    assert sections(page) == ["estimates", "lines", "choices", "spent", "identity"]


def test_the_page_says_what_decides_and_what_speaks_against_trusting_it(folder: Path) -> None:
    write_run(folder, lines=150, scored=True)
    stated = json.loads((folder / "manifest.json").read_text())
    stated["code"]["dirty"] = True
    (folder / "manifest.json").write_text(json.dumps(stated))
    written = report(folder)
    page = written.html.read_text()
    assert f"<h1>{escape(written.comparison.decision.sentence)}</h1>" in page
    assert "The code differs from its commit." in page
    assert "1 of 2 gates are not met." in page
    unmet = [gate.sentence for gate in written.gates if gate.status == "unmet"]
    assert unmet
    assert all(escape(sentence) in page for sentence in unmet)
    assert f"{written.comparison.family.size} tests" in page


def test_a_judge_that_repeats_says_so(folder: Path) -> None:
    write_run(folder, lines=3, scored=True)
    assert "takes the mean" not in report(folder).html.read_text()
    stated = json.loads((folder / "manifest.json").read_text())
    stated["evaluators"][0]["repeats"] = 3
    (folder / "manifest.json").write_text(json.dumps(stated))
    assert ", asks 3 times and takes the mean" in report(folder).html.read_text()


def test_what_racing_stopped_is_labelled_and_not_called_missing(folder: Path) -> None:
    def outputs(place: int, _dataset: str, line: int, _repeat: int) -> dict[str, object]:
        return {"right": line % 10 < 9 - 4 * place}

    stopped = configurations(3)[2]
    ScoredRun(
        outputs=outputs,
        analysis=Analysis(objective=Objective(metric="right")),
        stopped={("reviews", stopped.id): 20},
    ).write(folder)
    add_means(RunReader(folder), "right")
    written = report(folder)
    page, summary = written.html.read_text(), written.summary.read_text()
    assert "Stopped early by racing, their numbers rest on fewer lines" in page
    assert "missing of" not in page
    assert "20 <small>results, about 20 calls</small>" in page
    assert "few\\_shot (stopped early)" in summary
    with written.metrics.open(newline="") as file:
        after = {row["configuration"]: row["stopped_after"] for row in csv.DictReader(file)}
    assert after.pop(stopped.label) == "20"
    assert set(after.values()) == {""}


def test_a_best_by_mean_that_is_no_winner_is_marked_as_such(folder: Path) -> None:
    write_run(folder, lines=12, count=3, scored=True)
    written = report(folder)
    decision = written.comparison.decision
    assert decision.outcome == "no winner"
    assert decision.best_by_mean not in {None, decision.configuration}
    assert "Best by mean only" in written.html.read_text()


def test_what_a_model_says_is_never_markup(folder: Path) -> None:
    hostile = "</script><img src=x onerror=alert(1)>"
    content = manifest(configurations(1), 1)
    writer = RunWriter.create(folder, {**content, "experiment": hostile, "command": hostile}, ())
    record = line_record("reviews", 0, 0, trials(configurations(1), ("reviews",)))
    trial, result = next(iter(record.results.items()))
    error = LineError(node=hostile, kind=hostile, message=hostile)
    writer.write_line(
        replace(record, data={hostile: hostile}, results={trial: replace(result, error=error)})
    )
    writer.close()
    page = report(folder).html.read_text()
    assert "<img" not in page
    assert page.count("</script>") == page.count("<script")


def test_the_page_needs_nothing_from_elsewhere(folder: Path) -> None:
    write_run(folder, lines=3)
    page = report(folder).html.read_text()
    assert "://" not in page
    assert "default-src 'none'" in page


def test_a_report_that_cannot_be_written_leaves_the_old_one(folder: Path) -> None:
    write_run(folder, lines=20)
    written = report(folder)
    files = written.files
    before = [path.read_bytes() for path in files]
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(LLMOpsError, match=r"results\.csv: cannot be written: File too large"):
            report(folder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.read_bytes() for path in files] == before
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
