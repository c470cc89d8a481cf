"""What a release was evaluated on, read from its run's evidence."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from judged_run import LINES, write_judged
from served_parts import RELEASE

from llmops.monitoring.evaluation_data import evaluation_data
from llmops.store import RunReader

if TYPE_CHECKING:
    from pathlib import Path


def test_inputs_and_outputs_are_those_of_the_released_configuration(tmp_path: Path) -> None:
    folder = write_judged(tmp_path)
    reader = RunReader(folder)
    trial = reader.manifest["trials"][1]
    column = next(iter(next(iter(reader.lines())).data))
    release = replace(
        RELEASE,
        inputs={column: "string"},
        configuration={"id": trial["configuration"], "label": trial["label"]},
        lineage={"run": f"reviews/{folder.name}"},
    )
    pairs, reason = evaluation_data(tmp_path, release, 1000)
    assert (len(pairs), reason) == (LINES, "")
    lines = list(reader.lines())
    inputs = sorted(str(pair[0][column]) for pair in pairs)
    assert inputs == sorted(str(line.data[column]) for line in lines)
    expected = sorted(str(line.results[trial["id"]].outputs) for line in lines)
    assert sorted(str(pair[1]) for pair in pairs) == expected
    few, _ = evaluation_data(tmp_path, release, 10)
    assert len(few) == 10
    assert few == evaluation_data(tmp_path, release, 10)[0]


def test_a_run_that_is_elsewhere_is_said(tmp_path: Path) -> None:
    assert evaluation_data(tmp_path, RELEASE, 10)[1].endswith("names no run")
    gone = replace(RELEASE, lineage={"run": "reviews/20260102-030405-abcd"})
    assert evaluation_data(tmp_path, gone, 10)[1].endswith("of reviews/3 is not here")
