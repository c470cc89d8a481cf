"""Measures the workloads beside the floor and promptflow, in one run, as ratios.

python benchmarks/run.py [w1 w2 memory zero_latency] [--stub PATH] [--rounds N] [--json FILE]

Each command runs in a fresh process against a stub server on loopback; wall, CPU and peak memory
are those of the process as the kernel counts them. A round runs every command once, in turn, so
that a disturbance meets all of them; the best of the rounds is reported, and the spread beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

HERE = Path(__file__).parent
PROJECT = HERE.parent
TEXT = (
    "the order came late but support answered within an hour and sent a new part my account was "
    "charged twice please refund the second payment it works well on the phone and not at all on "
    "my old laptop we like the quiet room thank you for the quick help"
)
WORDS = TEXT.split()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One process: seconds of wall and CPU, peak resident MB, and what the stub counted."""

    name: str
    wall_s: float
    cpu_s: float
    peak_mb: float
    calls: int
    distinct: int
    span_s: float
    printed: str


class Stub:
    """The stub server as a process of its own."""

    def __init__(self, program: Path, latency_ms: float) -> None:
        command = [sys.executable, str(program), "--port", "0", "--latency-ms", str(latency_ms)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        port = self.process.stdout.readline().strip() if self.process.stdout else ""
        self.root = f"http://127.0.0.1:{port}"
        self.latency_ms = latency_ms

    def ask(self, path: str, *, post: bool = False) -> dict[str, float]:
        request = urllib.request.Request(self.root + path, method="POST" if post else "GET")  # noqa: S310 - loopback
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return json.load(answer)

    def measure(
        self, name: str, command: Sequence[str], environment: Mapping[str, str]
    ) -> Measurement:
        """Run the command to its end and return what it took.

        Raises:
            SystemExit: when the command fails.
        """
        self.ask(f"/reset?latency_ms={self.latency_ms}", post=True)
        variables = {**os.environ, **environment, "STUB_URL": f"{self.root}/v1", "STUB_KEY": "none"}
        with tempfile.TemporaryFile("w+") as output:
            started = time.perf_counter()
            process = subprocess.Popen(command, env=variables, stdout=output, stderr=output)
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            printed = output.read()
        if process.returncode:
            sys.exit(f"{name} failed with {process.returncode}:\n{printed}")
        counted = self.ask("/stats")
        return Measurement(
            name=name,
            wall_s=wall,
            cpu_s=usage.ru_utime + usage.ru_stime,
            peak_mb=usage.ru_maxrss / 1024,
            calls=int(counted["requests"]),
            distinct=int(counted["distinct"]),
            span_s=counted.get("span_s", 0.0),
            printed=printed,
        )


@contextmanager
def stub(program: Path, latency_ms: float) -> Generator[Stub]:
    server = Stub(program, latency_ms)
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait()


def write_messages(workload: str, lines: int) -> None:
    """Write the same lines every time: about 40 words, a label that is right one time in four."""
    draw = random.Random(workload)  # noqa: S311 - sample data
    labels = ("positive", "negative", "neutral", "unknown")
    rows = (
        {
            "text": f"{number}: {' '.join(draw.choices(WORDS, k=40))}",
            "expected": draw.choice(labels),
        }
        for number in range(lines)
    )
    path = HERE / workload / "messages.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def llmops(workload: str, *settings: str) -> list[str]:
    overrides = [word for setting in settings for word in ("--set", setting)]
    return [str(Path(sys.executable).with_name("llmops")), "run", str(HERE / workload), *overrides]


def floor(workload: str, lines: int, concurrency: int = 64) -> list[str]:
    return [sys.executable, str(HERE / "floor.py"), workload, str(lines), str(concurrency)]


def suite(name: str) -> tuple[float, dict[str, list[str]]]:
    """Return the latency in ms and the commands of one suite; the others are held to the first."""
    executor = [sys.executable, str(HERE / "promptflow_executor.py")]
    suites: dict[str, tuple[float, dict[str, list[str]]]] = {
        "w1": (200, {"floor": floor("w1", 500), "llmops": llmops("w1")}),
        "w2": (
            200,
            {
                "floor": floor("w2", 200),
                "llmops": llmops("w2"),
                "llmops, not shared": llmops("w2", "executor.share=false"),
            },
        ),
        "memory": (
            200,
            {
                "floor, 512": floor("w1", 500, 512),
                "llmops, 512": llmops("w1", "executor.max_concurrency=512"),
            },
        ),
        "zero_latency": (
            0,
            {
                "floor": floor("w1", 2000),
                "llmops": llmops("w1"),
                "promptflow FlowExecutor": [*executor, "2000", "64"],
            },
        ),
    }
    return suites[name]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("suites", nargs="*", default=["w1", "w2", "memory", "zero_latency"])
    parser.add_argument("--stub", type=Path, default=PROJECT / "tests" / "fakes" / "llm_stub.py")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    results: dict[str, list[Measurement]] = {}
    for name in arguments.suites:
        latency_ms, commands = suite(name)
        write_messages("w1", 2000 if name == "zero_latency" else 500)
        write_messages("w2", 200)
        with stub(arguments.stub, latency_ms) as server:
            rounds = [
                [server.measure(label, command, {}) for label, command in commands.items()]
                for _ in range(arguments.rounds)
            ]
        results[name] = report(name, rounds)
    if arguments.json:
        plain = {name: [asdict(each) for each in best] for name, best in results.items()}
        arguments.json.write_text(json.dumps(plain, indent=2))


def report(name: str, rounds: Sequence[Sequence[Measurement]]) -> list[Measurement]:
    """Print the best round of each command, with its ratio to the first command."""
    columns = list(zip(*rounds, strict=True))
    best = [min(column, key=lambda each: each.wall_s) for column in columns]
    print(
        f"\n{name}\n{'':26}{'wall s':>8}{'ratio':>7}{'worst':>8}{'CPU s':>7}{'MB':>6}"
        f"{'calls':>7}{'distinct':>9}{'span s':>8}{'calls/s':>9}"
    )
    for each, column in zip(best, columns, strict=True):
        worst = max(other.wall_s for other in column)
        print(
            f"{each.name:26}{each.wall_s:8.2f}{each.wall_s / best[0].wall_s:7.2f}{worst:8.2f}"
            f"{each.cpu_s:7.2f}{each.peak_mb:6.0f}{each.calls:7}{each.distinct:9}"
            f"{each.span_s:8.2f}{each.calls / each.span_s if each.span_s else 0:9.0f}",
            flush=True,
        )
    return best


if __name__ == "__main__":
    main()
