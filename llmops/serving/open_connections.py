"""What all requests use together: open clients, threads; closed at the end."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from llmops.concurrency import Threads
from llmops.progress import Progress
from llmops.retry import Channel, RetryPolicy
from llmops.spending import Budget
from llmops.trial_context import Resources

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from llmops.domain.call import Connection
    from llmops.serving.settings import Settings


@asynccontextmanager
async def opened(
    connections: Sequence[Connection], settings: Settings
) -> AsyncGenerator[Resources]:
    """Open every connection once; no request waits longer for one than its own time limit.

    Raises:
        ConfigError: when one cannot be opened.
    """
    limit, seconds = settings.concurrency, settings.timeout_seconds
    policy = RetryPolicy(deadline_seconds=seconds)
    async with AsyncExitStack() as stack:
        threads = Threads(limit)
        stack.callback(threads.close)
        channels: dict[str, Channel] = {}
        for each in connections:
            client = await each.open(seconds, limit)
            stack.push_async_callback(client.close)
            channels[each.name] = Channel(client, limit, policy)
        yield Resources(
            channels=channels,
            threads=threads,
            budget=Budget(),
            prices={},
            progress=Progress(),
        )
