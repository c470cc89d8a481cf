"""A gateway to try things with: in this process, or watched in one of its own."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from llmops.gateway.client import GatewayClient, read
from llmops.gateway.configuration import write_configuration
from llmops.gateway.folder import ACCESS_LOG, CONFIGURATION_FILE
from llmops.gateway.server import run_gateway

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from pathlib import Path

    from llmops.domain.traffic import GatewayConfiguration
    from llmops.gateway.status import RouterStatus


async def connected(folder: Path, *, but_not: int = 0) -> GatewayClient:
    """Wait until the folder's gateway takes requests; `but_not` is one that is dead."""
    async with asyncio.timeout(60):
        while True:
            client = read(folder)
            if client and client.pid != but_not:
                return client
            await asyncio.sleep(0.01)


async def eventually(holds: Callable[[], object]) -> None:
    """Wait for what others do on this loop."""
    async with asyncio.timeout(60):
        while True:
            if holds():
                return
            await asyncio.sleep(0.01)


async def until(client: GatewayClient, holds: Callable[[RouterStatus], bool]) -> RouterStatus:
    async with asyncio.timeout(60):
        while True:
            status = await client.status()
            if holds(status):
                return status
            await asyncio.sleep(0.01)


def is_up(name: str, *, up: bool = True) -> Callable[[RouterStatus], bool]:
    def holds(status: RouterStatus) -> bool:
        return {each.name: each.up for each in status.deployments}[name] is up

    return holds


@asynccontextmanager
async def running_gateway(
    folder: Path, configuration: GatewayConfiguration
) -> AsyncGenerator[GatewayClient]:
    """Run a gateway on this loop until the block ends."""
    write_configuration(folder / CONFIGURATION_FILE, configuration)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(run_gateway(folder, "127.0.0.1", 0))
        yield await connected(folder)
        task.cancel()


def access_log(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / ACCESS_LOG).read_text().splitlines()]
