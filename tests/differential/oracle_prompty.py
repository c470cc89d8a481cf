"""Runs every file of `prompty/` on promptflow's own class and prints what it did as JSON."""

# promptflow is half typed.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import cast

from recording_provider import RecordingProvider, served


def main() -> None:
    from promptflow.core import Prompty

    logging.disable(logging.CRITICAL)
    results: dict[str, object] = {}
    provider = RecordingProvider()
    with served(provider) as url:
        reached = {"configuration": {"base_url": f"{url}/v1", "api_key": "k"}}
        for path in sorted((Path(__file__).parent / "prompty").glob("*.prompty")):
            prompty = Prompty.load(source=path, model=reached)
            sample = cast("dict[str, object]", prompty._sample)  # pyright: ignore[reportPrivateUsage]
            answer = prompty(**sample)
            results[path.stem] = {"answer": answer, "asked": provider.take()}
    sys.stdout.write(json.dumps(results))


if __name__ == "__main__":
    main()
