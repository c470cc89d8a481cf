"""Runs every case on promptflow's own executor and writes what it did as JSON.

    python tests/differential/oracle.py OUT.json [CASE ...]

One process runs them all, because importing promptflow takes seconds.
"""

# promptflow is half typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import copy
import json
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from case_connections import connection_objects
from differential_case import columns_of, every_case
from oracle_flow import load_executor, merged_folder, restored_interpreter
from plain_values import plain
from recording_provider import RecordingProvider, served

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from differential_case import Case
    from promptflow._core.run_tracker import RunInfo
    from promptflow.executor.flow_executor import FlowExecutor, LineResult

    from llmops.domain.configuration import Configuration

Raw = dict[str, object]


def main() -> None:
    out, *wanted = sys.argv[1:]
    logging.disable(logging.CRITICAL)
    provider = RecordingProvider()
    with served(provider) as url:
        objects = connection_objects(url)
        results = {
            case.name: run_case(case, objects, provider)
            for case in every_case()
            if not wanted or case.name in wanted
        }
    Path(out).write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")


def run_case(case: Case, objects: Mapping[str, object], provider: RecordingProvider) -> Raw:
    with restored_interpreter(), merged_folder(case.folder) as folder:
        return {
            configuration.label: run_configuration(case, configuration, folder, objects, provider)
            for configuration in case.configurations
        }


def run_configuration(
    case: Case,
    configuration: Configuration,
    folder: Path,
    objects: Mapping[str, object],
    provider: RecordingProvider,
) -> Raw:
    from promptflow.executor._errors import ResolveToolError

    try:
        executor = load_executor(configuration, folder, objects)
    except Exception as error:  # noqa: BLE001 - whatever promptflow refuses a flow with
        node = error.message_parameters["node_name"] if isinstance(error, ResolveToolError) else ""
        return {"refused": f"{node}: {type(error).__name__}: {error}", "node": node}
    os.chdir(folder)  # as promptflow's own commands do
    lines: list[Raw] = []
    good: list[tuple[Mapping[str, object], LineResult]] = []
    for number, line in enumerate(case.lines):
        result = executor.exec_line(copy.deepcopy(line), index=number)
        lines.append(line_report(result) | {"asked": provider.take()})
        if not lines[-1]["error"]:
            good.append((line, result))
    report: Raw = {"lines": lines}
    if executor.has_aggregation_node and good:
        report["aggregation"] = aggregate(executor, good) | {"asked": provider.take()}
    return report


def line_report(result: LineResult) -> Raw:
    run = result.run_info
    good = run.status.value == "Completed"
    error = cast("Mapping[str, object]", run.error or {})
    answered = cast("Mapping[str, object]", result.output)
    failed = [name for name, node in result.node_run_infos.items() if node.status.value == "Failed"]
    outputs = {name: value for name, value in answered.items() if name != "line_number"}
    return {
        "error": error.get("message", ""),
        "raised": raised_by_tool(error),
        "failed": failed[0] if failed else "",
        "nodes": node_reports(result.node_run_infos),
        "outputs": plain(outputs) if good else {},
    }


def node_reports(runs: Mapping[str, RunInfo]) -> Raw:
    return {
        name: {"status": run.status.value, "output": plain(run.output)}
        for name, run in runs.items()
    }


def raised_by_tool(error: Mapping[str, object]) -> str:
    """Return the class name of the exception that a tool of the flow raised; else nothing."""
    details = cast("Sequence[dict[str, Mapping[str, str]]]", error.get("additionalInfo") or ())
    return next((name for each in details if (name := each["info"].get("type"))), "")


def aggregate(
    executor: FlowExecutor, good: Sequence[tuple[Mapping[str, object], LineResult]]
) -> Raw:
    columns = columns_of([line for line, _ in good])
    references = good[0][1].aggregation_inputs
    values = {each: [result.aggregation_inputs[each] for _, result in good] for each in references}
    result = executor.exec_aggregation(columns, values, run_id="aggregation")
    runs = result.node_run_infos
    failed = [name for name, run in runs.items() if run.status.value == "Failed"]
    return {
        "failed": failed[0] if failed else "",
        "metrics": plain(result.metrics),
        "nodes": node_reports(runs),
    }


if __name__ == "__main__":
    main()
