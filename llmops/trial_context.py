"""What a step may ask for while it answers a line: shared answers, models, threads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from llmops.domain.call import Sample, Usage
from llmops.spending import price_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from llmops.concurrency import Threads
    from llmops.domain.call import Answer, Listener, ModelRequest, ModelResponse
    from llmops.progress import Progress
    from llmops.retry import Channel
    from llmops.sharing import SharedAnswers
    from llmops.spending import Budget, Price


NO_SAMPLE: Final = Sample()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """What all trials of a run use together; channels are keyed by connection name."""

    channels: Mapping[str, Channel]
    threads: Threads
    budget: Budget
    prices: Mapping[str, Price]
    progress: Progress


class TrialContext:
    """One trial's view of one line; implements `LineContext` and adds up what the line took.

    `usage`, `calls` and `cost` are attributed: shared answers count as if this trial had asked
    alone. `paid_calls` are those it caused. `cost` is None until an answer has a price.
    """

    __slots__ = (
        "_listener",
        "_prefix",
        "_resources",
        "_sample",
        "_shared",
        "calls",
        "cost",
        "paid_calls",
        "usage",
    )

    def __init__(
        self,
        shared: SharedAnswers,
        resources: Resources,
        prefix: str = "",
        sample: Sample = NO_SAMPLE,
        listener: Listener | None = None,
    ) -> None:
        """Share answers under keys that start with `prefix`; contexts of one prefix share.

        `sample` is the line and repeat for which models are asked. `listener` hears its node's.
        """
        self._shared = shared
        self._resources = resources
        self._prefix = prefix
        self._sample = replace(sample, group=prefix)
        self._listener = listener
        self.usage = Usage()
        self.calls = 0
        self.paid_calls = 0
        self.cost: float | None = None

    async def once(
        self, key: str, node: str, work: Callable[[], Awaitable[Answer]], *, paid: bool
    ) -> Answer:
        """Return the shared answer; see `LineContext.once`."""
        job = self._priced(work) if paid else work
        answer, worked = await self._shared.get(self._prefix + key, node, job, paid=paid)
        if answer.calls:
            self.calls += answer.calls
            self.usage += answer.usage
            if answer.cost is not None:
                self.cost = (self.cost or 0.0) + answer.cost
            if worked:
                self.paid_calls += answer.calls
            else:
                self._resources.progress.shared += answer.calls
        return answer

    def _priced(self, work: Callable[[], Awaitable[Answer]]) -> Callable[[], Awaitable[Answer]]:
        async def priced() -> Answer:
            answer = await work()
            cost = self._cost(answer.model, answer.usage) if answer.calls else None
            return answer if cost is None else replace(answer, cost=cost)

        return priced

    def _cost(self, model: str, usage: Usage) -> float | None:
        price = price_of(model, self._resources.prices)
        return price.of(usage) if price else None

    async def call_model(self, connection: str, request: ModelRequest) -> ModelResponse:
        """Send through the connection's channel, within the budget."""
        resources = self._resources
        node = request.sample.node
        sample = replace(self._sample, node=node)
        listener = self._listener if self._listener and self._listener.node == node else None
        sent = replace(request, sample=sample, listener=listener)
        resources.budget.claim()
        try:
            response = await resources.channels[connection].send(sent)
        except BaseException:
            resources.budget.release()
            raise
        cost = self._cost(response.model, response.usage)
        resources.budget.spend(response.usage, cost)
        progress = resources.progress
        progress.calls += 1
        progress.prompt_tokens += response.usage.prompt_tokens
        progress.completion_tokens += response.usage.completion_tokens
        if cost is not None:
            progress.cost = (progress.cost or 0.0) + cost
        return response

    async def in_thread(self, function: Callable[[], object]) -> object:
        """Run a blocking tool in the run's threads."""
        return await self._resources.threads.run(function)

    def connection_object(self, connection: str) -> object:
        """Return promptflow's connection object of that name."""
        return self._resources.channels[connection].client.tool_object()
