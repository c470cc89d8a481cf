"""One state of a deployment: settings that never change, and the processes started with them.

A deployment with other settings gets a new revision; the one before it ends when the gateway has
let go of it. The folders of those that have ended keep their logs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter

from llmops.domain.traffic import Address
from llmops.store import replacing
from llmops.targets.local.handed import new_fingerprint
from llmops.targets.local.ports import free_port
from llmops.targets.local.specification import Specification
from llmops.targets.local.supervised import Supervised, Wanted, read, writing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.deployment import Place
    from llmops.targets.local.programs import Programs
    from llmops.targets.local.specification import Settings

_FILE: Final = "specification.json"
_SPECIFICATION: Final = TypeAdapter(Specification)
_NUMBER: Final = re.compile(r"[1-9][0-9]*")
_HOST: Final = "127.0.0.1"
DRAIN_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """`folder` is `<deployment>/<number>` in the endpoint's."""

    folder: Path
    specification: Specification

    @property
    def name(self) -> str:
        """Return the deployment's name."""
        return self.folder.parent.name

    @property
    def supervised(self) -> Supervised:
        """Return its processes."""
        return Supervised(self.folder)

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Return where its instances listen."""
        return tuple(Address(host=_HOST, port=port) for port in self.specification.ports)

    @property
    def grace_seconds(self) -> float:
        """Return what its processes get to end: a request that was accepted keeps its time."""
        return self.specification.settings.timeout_seconds + 2 * DRAIN_SECONDS

    @property
    def runs(self) -> bool:
        """Tell whether every process is there, ready or not, and would be started again."""
        supervised = self.supervised
        return supervised.is_supervised and all(each.pid for each in supervised.processes)

    def start(self, place: Place, programs: Programs, values: Mapping[str, str]) -> None:
        """Have its programs run; `values` are for their environment.

        Raises:
            TargetError: when they cannot be started.
        """
        wanted = Wanted(
            programs=tuple(
                programs.program(self, place, address, values) for address in self.addresses
            ),
            working_folder=place.project,
            grace_seconds=self.grace_seconds,
        )
        self.supervised.start(wanted, {**place.variables, **values})


def new_revision(home: Path, settings: Settings, values: Mapping[str, str]) -> Revision:
    """Return the next revision in a deployment's folder; nothing runs yet.

    Raises:
        TargetError: when nothing can be written there.
    """
    specification = Specification(
        settings=settings,
        ports=tuple(free_port(_HOST) for _ in range(settings.instances)),
        fingerprint=new_fingerprint(values),
    )
    folder = home / str(max(_numbers(home), default=0) + 1)
    with writing(folder), replacing(folder / _FILE) as file:
        file.write(_SPECIFICATION.dump_json(specification, indent=2))
    return Revision(folder=folder, specification=specification)


def wanted_revisions(home: Path) -> tuple[Revision, ...]:
    """Return the revisions of a deployment that are to run, oldest first.

    Raises:
        TargetError: when a file is damaged.
    """
    folders = [home / str(number) for number in sorted(_numbers(home))]
    return tuple(
        Revision(folder=folder, specification=specification)
        for folder in folders
        if Supervised(folder).is_wanted and (specification := read(_SPECIFICATION, folder / _FILE))
    )


def _numbers(home: Path) -> list[int]:
    found = home.iterdir() if home.is_dir() else ()
    return [int(each.name) for each in found if _NUMBER.fullmatch(each.name)]
