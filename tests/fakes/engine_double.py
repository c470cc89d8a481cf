"""A stand-in for docker, podman and buildah: keeps images in a folder, runs `llmops serve`.

Made to be started as the engine's command is; it knows the options that the project uses and
refuses others, as an engine does. Tests use `EngineDouble`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

REFUSED = 125
DOWN = "Cannot connect to the daemon"
FAILED = "the last step failed: no space left"


@dataclass(frozen=True)
class EngineDouble:
    """`folder` has what it knows; `bin` belongs on PATH."""

    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    def install(self, *names: str) -> None:
        """Make it the command of these engines."""
        self.bin.mkdir(parents=True, exist_ok=True)
        for name in names:
            command = self.bin / name
            command.write_text(
                f'#!/bin/sh\nexec "{sys.executable}" "{__file__}" "{self.folder}" {name} "$@"\n'
            )
            command.chmod(0o755)

    def add_image(self, tag: str, release: Path) -> None:
        """Have an image of a release without building it."""
        place = self.image(tag) / "release" / release.parent.name / release.name
        shutil.copytree(release, place)

    def image(self, tag: str) -> Path:
        return self.folder / "images" / tag.replace("/", "_").replace(":", "_")

    def container(self, name: str) -> Path:
        return self.folder / "containers" / name

    def say(self, state: str) -> None:
        """Be `down` or `failing` from now on."""
        (self.folder / state).touch()

    def calls(self, command: str) -> list[list[str]]:
        """Return the arguments of every call of a command, the engine's name first."""
        path = self.folder / "calls.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [call for line in lines if (call := json.loads(line))[1] == command]


def _record(engine: EngineDouble, words: list[str]) -> None:
    with (engine.folder / "calls.jsonl").open("a") as file:
        file.write(json.dumps(words) + "\n")


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def version(engine: EngineDouble, words: list[str]) -> int:
    del words
    if (engine.folder / "down").exists():
        _say(DOWN)
        return 1
    return 0


def build(engine: EngineDouble, words: list[str]) -> int:
    options = argparse.ArgumentParser(exit_on_error=False)
    for each in ("--file", "--iidfile", "--format", "--secret"):
        options.add_argument(each)
    options.add_argument("--layers", action="store_true")
    options.add_argument("--tag", action="append")
    options.add_argument("context", type=Path)
    given = options.parse_args(words)
    for number in range(1, 30):
        _say(f"step {number}")
    if (engine.folder / "failing").exists():
        _say(FAILED)
        return 1
    for tag in given.tag:
        shutil.rmtree(engine.image(tag), ignore_errors=True)
        shutil.copytree(given.context, engine.image(tag))
    digest = hashlib.sha256(Path(given.file).read_bytes()).hexdigest()
    Path(given.iidfile).write_text(f"sha256:{digest}")
    return 0


def push(engine: EngineDouble, words: list[str]) -> int:
    tag = words[-1]
    if not engine.image(tag).exists():
        _say(f"no image {tag}")
        return 1
    if "--digestfile" in words:
        Path(words[words.index("--digestfile") + 1]).write_text(_pushed(tag))
    return 0


def image(engine: EngineDouble, words: list[str]) -> int:
    tag = words[-1]
    for path in engine.image(tag).glob("release/*/*/release.json"):
        if "Labels" in words[2]:
            sys.stdout.write(json.loads(path.read_text())["digest"] + "\n")
            return 0
    sys.stdout.write(f"another/place@sha256:0\n{tag.rpartition(':')[0]}@{_pushed(tag)}\n")
    return 0 if engine.image(tag).exists() else 1


def _pushed(tag: str) -> str:
    return f"sha256:{hashlib.sha256(tag.encode()).hexdigest()}"


def run(engine: EngineDouble, words: list[str]) -> int:
    options = argparse.ArgumentParser(exit_on_error=False, allow_abbrev=False)
    for each in ("--name", "--tmpfs", "--cap-drop", "--security-opt", "--user", "--userns"):
        options.add_argument(each)
    for each in ("--publish", "--volume", "--cpus", "--memory", "--memory-reservation"):
        options.add_argument(each)
    for each in ("--rm", "--init", "--read-only"):
        options.add_argument(each, action="store_true")
    options.add_argument("--label", action="append")
    options.add_argument("--env", action="append", default=[])
    options.add_argument("image")
    options.add_argument("command", nargs=argparse.REMAINDER)
    given = options.parse_args(words)
    container = engine.container(given.name)
    if container.exists():
        _say(f"Conflict. The name {given.name} is in use")
        return REFUSED
    releases = engine.image(given.image) / "release"
    if not releases.is_dir():
        _say(f"Unable to find image '{given.image}' locally")
        return REFUSED
    host, port, _ = given.publish.split(":")
    place = next(path.parent for path in releases.glob("*/*/release.json"))
    named = {each: os.environ[each] for each in given.env if each in os.environ}
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "llmops", "serve", str(place)),
            *("--host", host, "--port", port, "--log-folder", given.volume.split(":")[0]),
            *given.command,
        ],
        cwd=releases,
        env={"HOME": str(engine.folder), "PATH": os.environ["PATH"], **named},
        start_new_session=True,  # it outlives its client
    )
    container.parent.mkdir(exist_ok=True)
    container.write_text(str(process.pid))

    def pass_on(number: int, frame: FrameType | None) -> None:
        del frame
        process.send_signal(number)

    signal.signal(signal.SIGTERM, pass_on)
    code = process.wait()
    container.unlink(missing_ok=True)
    return code if code >= 0 else 128 - code


def stop(engine: EngineDouble, words: list[str]) -> int:
    seconds, name = words[1:]
    return 0 if _end(engine, name, float(seconds)) else _unknown(name)


def rm(engine: EngineDouble, words: list[str]) -> int:
    name = words[-1]
    if not _end(engine, name, 0):
        return _unknown(name)
    engine.container(name).unlink(missing_ok=True)
    return 0


def _unknown(name: str) -> int:
    _say(f"Error: No such container: {name}")
    return 1


def _end(engine: EngineDouble, name: str, seconds: float) -> bool:
    """End a container's process, if there is one, and wait until it is gone."""
    try:
        pid = int(engine.container(name).read_text())
    except FileNotFoundError:
        return False
    with suppress(ProcessLookupError):
        ended = os.pidfd_open(pid)
        os.kill(pid, signal.SIGTERM if seconds else signal.SIGKILL)
        if not select.select([ended], [], [], seconds or 10)[0]:
            os.kill(pid, signal.SIGKILL)
            select.select([ended], [], [], 10)
        os.close(ended)
    return True


def main() -> None:
    engine = EngineDouble(Path(sys.argv[1]))
    _record(engine, sys.argv[2:])
    command, words = sys.argv[3], sys.argv[4:]
    known: dict[str, Callable[[EngineDouble, list[str]], int]] = {
        each.__name__: each for each in (version, build, push, image, run, stop, rm)
    }
    try:
        sys.exit(known[command](engine, words))
    except (argparse.ArgumentError, KeyError) as error:
        _say(f"{command}: {error}")
        sys.exit(REFUSED)


if __name__ == "__main__":
    main()
