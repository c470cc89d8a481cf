"""A request's body: small ones are held, so that they can be sent again; others flow through."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, TypeVar

from aiohttp import web

from llmops.gateway.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable

    from llmops.domain.traffic import Limits

HELD_BYTES: Final = 256 * 1024
"""A body, or an answer of a known length, up to this is kept whole in memory."""
_Read = TypeVar("_Read", bytes, None)
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class Body:
    """What a client sends; `held` is None for what can be read once only.

    `begun` tells that such a body was drawn from. `refused` is why that ended early.
    """

    def __init__(self, request: web.BaseRequest, limits: Limits) -> None:
        """Look at the head only.

        Raises:
            Refused: with 413 when it announces too much.
        """
        self._request, self._limits = request, limits
        self._taken: list[bytes] = []
        self._size = 0
        self.held: bytes | None = None
        self.begun = False
        self.refused: Refused | None = None
        self.length = request.content_length
        if self.length is not None and self.length > limits.max_bytes:
            raise self._too_large()

    async def hold(self) -> None:
        """Read the body now if it is small; else leave it to be streamed.

        Raises:
            Refused: when it does not come in time, or not whole.
        """
        if not self._request.can_read_body:
            self.held = b""
            return
        await self._invite()
        if self.length is None or self.length <= HELD_BYTES:
            await self._patiently(self._take())

    async def stream(self) -> AsyncGenerator[bytes]:
        """Yield the parts as they come.

        Raises:
            Refused: when there is too much, too slowly or not whole; `refused` has it too.
        """
        self.begun = True
        for part in self._taken:
            yield part
        self._taken.clear()
        try:
            while part := await self._patiently(self._part()):
                yield part
        except Refused as refused:
            self.refused = refused
            raise

    async def _take(self) -> None:
        """Hold all of it, or of one whose length is not known the beginning."""
        while part := await self._part():
            self._taken.append(part)
            if self._size > HELD_BYTES:
                return
        self.held = b"".join(self._taken)

    async def _part(self) -> bytes:
        part = await self._request.content.readany()
        self._size += len(part)
        if self._size > self._limits.max_bytes:
            raise self._too_large()
        return part

    async def _invite(self) -> None:
        if self._request.headers.get("Expect", "").lower() == "100-continue":
            await self._request.writer.write(_CONTINUE)
            self._request.writer.output_size = 0  # nothing is answered yet

    async def _patiently(self, reading: Awaitable[_Read]) -> _Read:
        seconds = self._limits.client_seconds
        try:
            async with asyncio.timeout(seconds):
                return await reading
        except TimeoutError:
            raise Refused(408, f"the body did not come within {seconds:g} s") from None
        except web.RequestPayloadError:
            raise Refused(400, "the body is broken off or wrongly encoded") from None

    def _too_large(self) -> Refused:
        return Refused(413, f"the body is too large; allowed: {self._limits.max_bytes} bytes")
