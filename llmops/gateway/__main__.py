"""The process of a gateway: `python -m llmops.gateway FOLDER [--host HOST] [--port PORT]`.

`--router haproxy` has HAProxy do the work, under the same control.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
from pathlib import Path
from typing import Final

from llmops.concurrency import run_interruptible
from llmops.errors import LLMOpsError
from llmops.gateway.haproxy_process import run_haproxy
from llmops.gateway.server import run_gateway

_ROUTERS: Final = {"gateway": run_gateway, "haproxy": run_haproxy}


def main() -> None:
    """Serve until SIGINT or SIGTERM; requests in work are answered first."""
    parser = argparse.ArgumentParser(prog="python -m llmops.gateway", description=__doc__)
    parser.add_argument("folder", type=Path, help="where gateway.json is")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--router", choices=tuple(_ROUTERS), default="gateway")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    try:
        run = _ROUTERS[arguments.router]
        run_interruptible(run(arguments.folder, arguments.host, arguments.port))
    except asyncio.CancelledError:
        sys.exit(0)
    except LLMOpsError as error:
        print(error, file=sys.stderr)  # noqa: T201  who started it reads this
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
