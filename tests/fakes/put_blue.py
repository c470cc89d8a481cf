"""A command that can be killed: `python put_blue.py PROJECT` puts `blue` on the local target."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from local_bench import LocalBench
from sample_project import Project

from llmops.registries.folder import FolderRegistry, releases_folder


async def main(folder: Path) -> None:
    release = FolderRegistry(root=releases_folder(folder)).load("messages", 1)
    bench = LocalBench(project=Project(folder, {}), release=release)
    async with bench.open() as target:
        await target.put(bench.deployment("blue"))


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
