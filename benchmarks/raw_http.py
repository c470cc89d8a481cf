"""The least that can ask and answer over HTTP, so that what is measured is what is between."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

BODY = b'{"text": "the order came late but support answered within an hour"}'
REQUEST = (
    b"POST /score HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\n"
    b"X-User: user-%d\r\nContent-Length: " + str(len(BODY)).encode() + b"\r\n\r\n" + BODY
)
CONTENT = b'{"label": "mixed"}'
ANSWER = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
    + str(len(CONTENT)).encode()
    + b"\r\n\r\n"
    + CONTENT
)


class Deployment(asyncio.Protocol):
    """Answers whatever ends like a request, after a time; to HAProxy it may be two parts."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        if self._received.endswith((BODY, b"\r\n\r\n")) and (
            self._received.startswith(b"GET") or self._received.endswith(BODY)
        ):
            self._received = b""
            if self._delay:
                asyncio.get_running_loop().call_later(self._delay, self._transport.write, ANSWER)
            else:
                self._transport.write(ANSWER)


class Client(asyncio.Protocol):
    """Sends a request as soon as the one before is answered; tells each one's seconds."""

    def __init__(self, number: int, wanted: Callable[[float], bool], ended: asyncio.Event) -> None:
        self._request, self._wanted, self._ended = REQUEST % number, wanted, ended
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._received.endswith(CONTENT):
            return
        if not self._received.startswith(b"HTTP/1.1 200 "):
            sys.exit(f"a bad answer: {self._received!r}")
        self._received = b""
        if self._wanted(time.perf_counter() - self._begun):
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc or self._received:
            sys.exit(f"a connection was lost: {exc}")
        self._ended.set()

    def _send(self) -> None:
        self._begun = time.perf_counter()
        self._transport.write(self._request)


async def answer(port: int, delay: float) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Deployment(delay), "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


async def ask(port: int, clients: int, seconds: float) -> tuple[float, list[float]]:
    """Return requests a second, and each one's seconds, sorted."""
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    taken: list[float] = []

    def wanted(each: float) -> bool:
        taken.append(each)
        return time.perf_counter() < begun + seconds

    ends = [asyncio.Event() for _ in range(clients)]
    for number, end in enumerate(ends):
        await loop.create_connection(
            lambda number=number, end=end: Client(number, wanted, end), "127.0.0.1", port
        )
    for end in ends:
        await end.wait()
    return len(taken) / (time.perf_counter() - begun), sorted(taken)


if __name__ == "__main__":
    asyncio.run(answer(int(sys.argv[1]), float(sys.argv[2])))
