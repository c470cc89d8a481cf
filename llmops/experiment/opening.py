"""Finds and opens the files that an experiment names."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llmops.connections.replay import ReplayConnection
from llmops.datasets import READERS, azureml, open_dataset
from llmops.errors import ConfigError, Fault
from llmops.flows import load_flow
from llmops.nearest import nearest

if TYPE_CHECKING:
    from pathlib import Path

    from llmops.domain.call import Connection
    from llmops.domain.dataset import Dataset
    from llmops.domain.flow import Flow

_MOST_LINES = 10
"""A file of the wrong kind would give a fault per line."""


def find_project(folder: Path) -> Path:
    """Return the nearest folder upwards with pyproject.toml or .git; else the folder itself."""
    for parent in (folder, *folder.parents):
        if (parent / "pyproject.toml").exists() or (parent / ".git").exists():
            return parent
    return folder


def label_of(path: Path, project: Path) -> str:
    """Return how messages name a file: from the project where it lies inside."""
    return path.relative_to(project).as_posix() if path.is_relative_to(project) else str(path)


@dataclass(slots=True, kw_only=True)
class Opener:
    """Opens each file once and collects what is wrong with it."""

    folder: Path
    project: Path
    faults: list[Fault] = field(default_factory=list[Fault])
    _flows: dict[tuple[Path, str], Flow | None] = field(
        default_factory=dict["tuple[Path, str]", "Flow | None"]
    )
    _datasets: dict[Path, Dataset | None] = field(default_factory=dict["Path", "Dataset | None"])

    def flow(self, name: str, where: str) -> tuple[Flow, Path] | None:
        """Return the flow and its path; None when it is missing or wrong."""
        places = (self.folder, self.folder / "flows", self.project / "flows")
        file, _, entry = name.partition(".py:")
        path = self._find(f"{file}.py" if entry else name, places, "flow", where)
        if path is None:
            return None
        if (path, entry) not in self._flows:
            self._flows[path, entry] = self._load_flow(path, entry)
        flow = self._flows[path, entry]
        return (flow, path) if flow else None

    def dataset(self, source: str, where: str) -> Dataset | None:
        """Return the dataset, read once; None when it is missing or wrong."""
        if source.startswith(azureml.PREFIX):
            self.faults.append(azureml.fault(source, where))
            return None
        path = self._find(source, (self.folder, self.project / "datasets"), "file", where)
        if path is None:
            return None
        if path.suffix.lower() not in READERS:
            allowed = f"allowed: {', '.join(READERS)}"
            self.faults.append(
                Fault(where=where, seen=f"{source!r} is no dataset", allowed=allowed)
            )
            return None
        if path not in self._datasets:
            self._datasets[path] = self._open_dataset(path)
        return self._datasets[path]

    def connection(self, connection: Connection, where: str) -> Connection:
        """Return the connection; one that replays with its recordings found and read."""
        if not isinstance(connection, ReplayConnection):
            return connection
        places = (self.folder, self.project)
        paths = [
            self._find(name, places, "recording", f"{where}.recording")
            for name in connection.recording
        ]
        found = connection.model_copy(update={"recording": tuple(map(str, filter(None, paths)))})
        try:
            if None not in paths:
                _ = found.replies
        except ConfigError as error:
            self.faults.extend(error.faults)
        return found

    def _load_flow(self, path: Path, entry: str) -> Flow | None:
        try:
            flow = load_flow(path, entry)
            flow.interface()
        except ConfigError as error:
            self.faults.extend(error.faults)
            return None
        return flow

    def _open_dataset(self, path: Path) -> Dataset | None:
        label = label_of(path, self.project)
        dataset = open_dataset(path, label)
        try:
            faults = dataset.survey.faults
        except OSError as error:
            faults = (Fault(where=label, seen=error.strerror or str(error)),)
        self.faults.extend(faults[:_MOST_LINES])
        if len(faults) > _MOST_LINES:
            seen = f"{len(faults) - _MOST_LINES} more lines cannot be read"
            self.faults.append(Fault(where=label, seen=seen))
        if faults:
            return None
        if not dataset.count():
            self.faults.append(Fault(where=label, seen="no lines"))
        return dataset

    def _find(self, name: str, places: tuple[Path, ...], kind: str, where: str) -> Path | None:
        for place in places:
            if (place / name).exists():
                return (place / name).resolve()
        looked = ", ".join(f"{label_of(place / name, self.project)}" for place in places)
        beside = {entry.name for place in places if place.is_dir() for entry in place.iterdir()}
        self.faults.append(
            Fault(
                where=where,
                seen=f"no {kind} {name!r}",
                allowed=f"looked for {looked}",
                next_step=nearest(name.rpartition("/")[2], beside),
            )
        )
        return None
