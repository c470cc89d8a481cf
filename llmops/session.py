"""What a run holds open: clients, threads, counters and the budget; all closed at its end."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from llmops.concurrency import Threads
from llmops.retry import Channel, RetryPolicy
from llmops.spending import Budget
from llmops.trial_context import Resources

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from llmops.domain.call import Connection
    from llmops.domain.run import Spent
    from llmops.experiment import Experiment
    from llmops.progress import Progress


@asynccontextmanager
async def open_session(
    experiment: Experiment, spent: Spent, progress: Progress
) -> AsyncGenerator[Resources]:
    """Open the connections that the experiment's flows use; the budget counts from `spent`.

    Raises:
        ConfigError: when one cannot be opened.
    """
    settings = experiment.executor
    policy = RetryPolicy(attempts=settings.attempts, retry_billed=settings.retry_billed)
    async with AsyncExitStack() as stack:
        threads = Threads(settings.max_concurrency)
        stack.callback(threads.close)

        async def channel(connection: Connection) -> Channel:
            client = await connection.open(settings.timeout_seconds, settings.max_concurrency)
            stack.push_async_callback(client.close)
            return Channel(client, settings.max_concurrency, policy)

        channels = {each.name: await channel(each) for each in experiment.used_connections}
        yield Resources(
            channels=channels,
            threads=threads,
            budget=Budget(
                max_calls=experiment.budget.calls,
                max_tokens=experiment.budget.tokens,
                max_cost=experiment.budget.money,
                calls=spent.calls,
                tokens=spent.tokens,
                cost=spent.cost,
            ),
            prices=experiment.prices,
            progress=progress,
        )
