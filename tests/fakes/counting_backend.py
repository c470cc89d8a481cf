"""A deployment that counts, in files that survive `kill -9`, what it began and what it answered.

python counting_backend.py PORT RECORDS DELAY_SECONDS

A request's number is its `X-Request-Id`. The files `RECORDS.begun` and `RECORDS.answered` have a
byte for each. A request counts as begun when it is there, and as answered when the answer has
been handed to the system, which delivers it even if the process dies then.
"""

from __future__ import annotations

import asyncio
import mmap
import sys
from pathlib import Path
from typing import cast

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%b"


class Records:
    """A count up to 255 for each number."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._counts = mmap.mmap(file.fileno(), 0)

    def add(self, number: int) -> None:
        self._counts[number] += 1


class Connection(asyncio.Protocol):
    def __init__(self, begun: Records, answered: Records, delay: float) -> None:
        self._begun, self._answered, self._delay = begun, answered, delay
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, rest = self._received.partition(b"\r\n\r\n")
        if not end:
            return
        lines = head.split(b"\r\n")
        headers = dict(line.lower().split(b": ", 1) for line in lines[1:])
        length = int(headers.get(b"content-length", 0))
        if len(rest) < length:
            return
        self._received = rest[length:]
        if lines[0].startswith(b"GET /ready"):
            self._transport.write(ANSWER % (5, b"ready"))
            return
        number = int(headers[b"x-request-id"])
        self._begun.add(number)
        asyncio.get_running_loop().call_later(self._delay, self._answer, number, rest[:length])

    def _answer(self, number: int, content: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(ANSWER % (len(content), content))
            self._answered.add(number)


async def main(port: int, records: str, delay: float) -> None:
    begun, answered = (Records(Path(f"{records}.{kind}")) for kind in ("begun", "answered"))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(begun, answered, delay), "127.0.0.1", port, backlog=1024
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3])))
