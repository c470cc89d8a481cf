"""The process that runs an embedded model: started as a script, it imports nothing of this package.

It reads its settings as one JSON line, says its address or its error as another, and lives until
its input ends, which happens when its parent closes it or dies in whatever way.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def start(settings: Mapping[str, Any]) -> Any:
    """Return the running server; it stops when it is collected."""
    engine = importlib.import_module("xllamacpp")
    params = engine.CommonParams()
    params.model.path = settings["model"]
    params.model_alias = {settings["alias"]}
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [settings["key"]]
    params.cors_origins = "null"
    params.ui = params.endpoint_slots = params.endpoint_props = False
    params.verbosity = 0
    params.n_parallel = settings["prompts_kept"]
    params.n_ctx = settings["context"] * settings["prompts_kept"]
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings["threads"]
    params.cache_ram_mib = 0
    # Its results depend on how a prompt is cut into batches, so on what the cache happens to hold.
    params.flash_attn_type = engine.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED
    return engine.Server(params)


def main() -> None:
    """Serve until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # whatever the engine prints
    try:
        server = start(json.loads(sys.stdin.readline()))
    except Exception as error:  # noqa: BLE001 - the parent tells it, whatever it is
        answers.write(json.dumps({"error": f"{type(error).__name__}: {error}"}) + "\n")
        answers.flush()
        return
    answers.write(json.dumps({"address": server.listening_address}) + "\n")
    answers.flush()
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
