"""Both engines run all cases once per session, each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Reports: TypeAlias = "Mapping[str, Mapping[str, Mapping[str, object]]]"

HERE = Path(__file__).parent
ROOT = HERE.parent.parent


class Engines:
    """Starts both scripts; each result is waited for when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = {name: self._start(name) for name in ("oracle", "engine")}

    def _start(self, name: str) -> subprocess.Popen[bytes]:
        """Start a script with promptflow's switches: no telemetry, its files in our folder."""
        home = self._folder / f"{name}-home"
        home.mkdir()
        (home / "pf.yaml").write_text("telemetry:\n  enabled: false\ntrace:\n  destination: none\n")
        switches = {
            "PF_HOME_DIRECTORY": str(home),
            "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
            "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": str(ROOT),
            "TMPDIR": str(self._folder),
        }
        with (self._folder / f"{name}.out").open("w") as said:
            return subprocess.Popen(
                [sys.executable, HERE / f"{name}.py", self._folder / f"{name}.json"],
                env=os.environ | switches,
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    def reports(self, name: str) -> Reports:
        """Return what the script wrote, once it has ended."""
        code = self._running[name].wait(timeout=100)
        assert code == 0, (self._folder / f"{name}.out").read_text()[-4000:]
        file = self._folder / f"{name}.json"
        return cast("Reports", json.loads(file.read_text(encoding="utf-8")))

    def stop(self) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    engines = Engines(tmp_path_factory.mktemp("differential"))
    yield engines
    engines.stop()


@pytest.fixture(scope="session")
def oracle(engines: Engines) -> Reports:
    """What promptflow did: case, configuration, report."""
    return engines.reports("oracle")


@pytest.fixture(scope="session")
def engine(engines: Engines) -> Reports:
    """What our engine did: case, then `alone` and `together`."""
    return engines.reports("engine")
