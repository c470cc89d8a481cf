"""Runs a module as `python -m` does, for as long as its supervisor lives.

Started as a script, it imports nothing of this package. Its standard input is a pipe that only the
supervisor holds: it ends when the supervisor does, in whatever way, and then this process is told
to end as SIGTERM tells it.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
from threading import Thread


def main() -> None:
    """Run the module that the command line names."""
    tether = os.dup(0)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123  a descriptor is all that is needed
        os.dup2(nothing.fileno(), 0)
    Thread(target=_end_with, args=(tether,), name="tether", daemon=True).start()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


def _end_with(tether: int) -> None:
    while os.read(tether, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
