"""A loopback stand-in for OpenAI and Azure OpenAI: fixed latency, exact counts, faults on request.

It answers chat completions, completions and embeddings on every path that ends so; an answer
depends on the prompt alone. On the command line the port is printed first:

    python tests/fakes/llm_stub.py --port 0 --latency-ms 200 --api-key KEY
    curl -X POST 'localhost:PORT/reset?latency_ms=50&p429=0.05&rps=100'
    curl localhost:PORT/stats     # counts
    curl localhost:PORT/log       # a digest of every answered body: what a provider would bill

In a test, `async with LLMStub(p429=0.1) as stub` serves on the test's own loop, and
`with served(LLMStub(p429=0.1)) as stub` on a thread, for code that brings its own loop.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections import Counter, deque
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING, Self, cast

from llm_exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

FAULTS = ("429", "500", "hang", "reset", "trunc", "garbage", "empty", "slow")


Seen = tuple[str, dict[str, str], dict[str, object]]
"""A request as it came: target, headers (names in lower case), body."""


class LLMStub:
    """One server: its settings, counters and log.

    Settings: `latency_ms`, `p<fault>` (a probability per request), `seed`, `retry_after` (seconds),
    `slow_ms`, `rps` (429 beyond so many a second), `fail_after` (500 after so many answers),
    `fresh` (another answer each time that the same is asked), `halt` (a stream of events stops
    after its first one until `release`).
    `script` names the faults of the first requests, in order: one of FAULTS, any HTTP status,
    `quota` (429 for good), `odd` (JSON of another shape), or nothing for a good answer.
    Between `hold` and `release` good answers wait: a test says when, and not a clock.
    """

    def __init__(
        self, *, port: int = 0, api_key: str = "", script: tuple[str, ...] = (), **settings: float
    ) -> None:
        self.port, self.api_key = port, api_key
        self.transports = set[asyncio.Transport]()
        self.reset(script, **settings)

    def reset(self, script: tuple[str, ...] = (), **settings: float) -> None:
        """Forget all counts; a setting not named returns to its default."""
        self.settings, self.script = settings, deque(script)
        self.random = random.Random(settings.get("seed", 0))  # noqa: S311 - draws faults, no keys
        self.requests = self.answered = self.in_flight = self.peak = self.tokens = 0
        self.faults = Counter[str]()
        self.log: list[str] = []
        self.times = Counter[str]()
        self.seen = deque[Seen](maxlen=100)
        self.arrivals = deque[float]()
        self.holding = False
        self.held: list[Callable[[], None]] = []

    def hold(self) -> None:
        """Let answers wait from now on."""
        self.holding = True

    def release(self) -> None:
        """Give the answers that wait, and let none wait; from any thread."""
        self.loop.call_soon_threadsafe(self._let_go)

    def _let_go(self) -> None:
        self.holding = False
        self.settings["halt"] = 0
        while self.held:
            self.held.pop(0)()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def stats(self) -> dict[str, object]:
        distinct = len(set(self.log))
        return {
            "requests": self.requests,
            "answered": self.answered,
            "distinct": distinct,
            "repeated": len(self.log) - distinct,
            "in_flight": self.in_flight,
            "peak_in_flight": self.peak,
            "tokens": self.tokens,
            "faults": dict(self.faults),
        }

    def fault(self) -> str:
        """Draw what goes wrong with the next request; empty for nothing."""
        if self.script:
            return self.script.popleft()
        if rps := self.settings.get("rps"):
            now = time.monotonic()
            while self.arrivals and self.arrivals[0] <= now - 1:
                self.arrivals.popleft()
            if len(self.arrivals) >= rps:
                return "429"
            self.arrivals.append(now)
        if self.answered >= self.settings.get("fail_after", float("inf")):
            return "500"
        for name in FAULTS:
            if (share := self.settings.get("p" + name)) and self.random.random() < share:
                return name
        return ""

    async def __aenter__(self) -> Self:
        self.loop = asyncio.get_running_loop()
        self.server = await self.loop.create_server(
            lambda: Exchange(self), "127.0.0.1", self.port, backlog=4096
        )
        self.port = cast("int", self.server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        for transport in tuple(self.transports):
            transport.abort()
        await self.server.wait_closed()


@contextmanager
def served(stub: LLMStub) -> Generator[LLMStub]:
    """Serve on a thread until the block ends."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever, name="llm-stub")
    thread.start()
    asyncio.run_coroutine_threadsafe(stub.__aenter__(), loop).result()
    try:
        yield stub
    finally:
        asyncio.run_coroutine_threadsafe(stub.__aexit__(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency-ms", type=float, default=200)
    parser.add_argument("--api-key", default="")
    options = parser.parse_args()
    stub = LLMStub(port=options.port, api_key=options.api_key, latency_ms=options.latency_ms)
    async with stub:
        print(stub.port, flush=True)  # noqa: T201 - the caller reads it
        await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main())
