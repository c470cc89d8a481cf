"""The peer: promptflow's own `FlowExecutor` in process, on threads; 1 variant of W1.

python promptflow_executor.py LINES THREADS   (STUB_URL and STUB_KEY in the environment)
Prints the seconds of the lines alone, imports and set-up not counted.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

os.environ.setdefault("PF_HOME_DIRECTORY", tempfile.mkdtemp(prefix="promptflow-"))
os.environ["APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED"] = "true"
os.environ["APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL"] = "true"

from promptflow.executor.flow_executor import FlowExecutor

HERE = Path(__file__).parent


def main() -> None:
    lines, threads = int(sys.argv[1]), int(sys.argv[2])
    rows = [json.loads(line) for line in (HERE / "w1" / "messages.jsonl").open()][:lines]
    connection = {
        "type": "OpenAIConnection",
        "module": "promptflow.connections",
        "value": {"api_key": os.environ["STUB_KEY"], "base_url": os.environ["STUB_URL"]},
    }
    flow = HERE / "w1" / "flow" / "flow.dag.yaml"
    create = cast("Callable[..., FlowExecutor]", FlowExecutor.create)
    executor = create(flow, {"stub": connection}, raise_ex=False)

    def answer(numbered: tuple[int, dict[str, str]]) -> str:
        index, row = numbered
        result = executor.exec_line({"text": row["text"]}, index=index, run_id="benchmark")
        return result.run_info.status.value

    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        statuses = list(pool.map(answer, enumerate(rows)))
    seconds = time.perf_counter() - started
    if set(statuses) != {"Completed"}:
        sys.exit(f"not all lines completed: {set(statuses)}")
    print(seconds)


main()
