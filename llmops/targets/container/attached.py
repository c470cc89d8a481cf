"""Runs one container as long as this process lives: `ENGINE NAME LOGS SECONDS IMAGE DIGEST RUN...`.

It is what the supervisor of a revision keeps alive: what the container says, it says, and how the
container ends, it ends. `LOGS` is a folder that the container writes to, `SECONDS` what it gets
to end by itself, `DIGEST` is that of the release that the image should have.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from llmops.container_engine import IMAGE_USER

if TYPE_CHECKING:
    from types import FrameType


def main() -> None:
    """Run it until it ends or we are told to."""
    engine, name, logs, seconds, image, digest, *run = sys.argv[1:]
    if (found := _digest(engine, image)) not in {digest, None}:
        sys.exit(f"image {image}: it has release {found or 'none'}, not {digest}; build it again")
    folder = Path(logs)
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, IMAGE_USER, IMAGE_USER)
    _remove(engine, name)  # one whose keeper was killed still has the name and the port
    container = subprocess.Popen([engine, *run], stdin=subprocess.DEVNULL)

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop = [engine, "stop", "-t", seconds, name]
        if subprocess.run(stop, stdout=subprocess.DEVNULL, check=False).returncode:
            container.terminate()  # it has not come so far

    signal.signal(signal.SIGTERM, end)
    try:
        code = container.wait()
    finally:
        _remove(engine, name)
    sys.exit(code if code >= 0 else 128 - code)


def _digest(engine: str, image: str) -> str | None:
    """Return the digest of an image's release; None for an image that is yet to be pulled."""
    form = '{{index .Config.Labels "llmops.digest"}}'
    said = subprocess.run(
        [engine, "image", "inspect", "--format", form, image],
        capture_output=True,
        text=True,
        check=False,
    )
    return None if said.returncode else said.stdout.strip()


def _remove(engine: str, name: str) -> None:
    said = subprocess.run(
        [engine, "rm", "--force", name], capture_output=True, text=True, check=False
    )
    if said.returncode and "no such container" not in said.stderr.lower():
        sys.stderr.write(said.stderr)


if __name__ == "__main__":
    main()
