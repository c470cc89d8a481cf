"""What a run holds open: clients, threads, counters and the budget; all closed at its end."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from llmops.concurrency import Threads
from llmops.domain.call import CallFailure
from llmops.retry import Channel, RetryPolicy
from llmops.spending import Budget
from llmops.trial_context import Resources

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from llmops.domain.call import Client, Connection, ModelRequest, ModelResponse
    from llmops.domain.run import Spent
    from llmops.experiment import Experiment
    from llmops.progress import Progress
    from llmops.recording.recorder import Recorder


class RecordedChannel(Channel):
    """A channel whose answers and final failures are in the recording before anyone sees them."""

    def __init__(
        self,
        client: Client,
        max_concurrency: int,
        policy: RetryPolicy,
        *,
        connection: str,
        recorder: Recorder,
    ) -> None:
        """Record under the connection's name."""
        super().__init__(client, max_concurrency, policy)
        self._connection, self._recorder = connection, recorder

    async def send(self, request: ModelRequest) -> ModelResponse:
        """Return the answer as a replay will give it; see `Channel.send`."""
        if known := self._recorder.known_failure(self._connection, request):
            raise known.with_traceback(None)
        try:
            answer = await super().send(request)
        except CallFailure as failure:
            raise self._recorder.failed(self._connection, request, failure) from None
        return self._recorder.answered(self._connection, request, answer)


@asynccontextmanager
async def open_session(
    experiment: Experiment, spent: Spent, progress: Progress, recorder: Recorder | None = None
) -> AsyncGenerator[Resources]:
    """Open the connections that the experiment's flows use; the budget counts from `spent`.

    What they answer goes to the recorder, where there is one.

    Raises:
        ConfigError: when one cannot be opened.
    """
    settings = experiment.executor
    policy = RetryPolicy(attempts=settings.attempts, retry_billed=settings.retry_billed)
    async with AsyncExitStack() as stack:
        threads = Threads(settings.max_concurrency)
        stack.callback(threads.close)
        if recorder:
            stack.callback(recorder.close)

        async def channel(connection: Connection) -> Channel:
            client = await connection.open(settings.timeout_seconds, settings.max_concurrency)
            stack.push_async_callback(client.close)
            limit = settings.max_concurrency
            if recorder is None:
                return Channel(client, limit, policy)
            return RecordedChannel(
                client, limit, policy, connection=connection.name, recorder=recorder
            )

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
