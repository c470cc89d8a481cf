"""An answer in server-sent events: text as the model gives it, then what else there is.

An event is `data: {output: value}`, as from promptflow's serving.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from aiohttp import web

from llmops.concurrency import together
from llmops.domain.call import Listener
from llmops.serving.refusal import Refused
from llmops.serving.requests import SAID, SERVICE, complete
from llmops.store.encoding import encode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.serving.service import Asked

MEDIA_TYPE: Final = "text/event-stream"


async def stream(request: web.Request, asked: Asked) -> web.StreamResponse:
    """Answer; an output is told in pieces if it is the only one that is a model's text.

    Raises:
        Refused: when the flow fails before its first piece; after it, the last event says so.
    """
    service = request.app[SERVICE]
    texts = service.served.interface.texts
    node, output = next(iter(texts.items())) if len(texts) == 1 else ("", "")
    response = web.StreamResponse(
        headers={"Content-Type": f"{MEDIA_TYPE}; charset=utf-8", "Cache-Control": "no-cache"}
    )
    complete(request, response)
    pieces = asyncio.Queue[str | None]()
    found: list[Mapping[str, object] | Refused] = []

    async def answer() -> None:
        try:
            found.append(await service.answer(asked, Listener(node, pieces.put_nowait)))
        except Refused as refused:
            found.append(refused)
        finally:
            pieces.put_nowait(None)

    async def pass_on() -> None:
        while (piece := await pieces.get()) is not None:
            await response.prepare(request)
            await response.write(_event({output: piece}))

    await together([answer(), pass_on()])
    last = _last(found[0], output, request, told=response.prepared)
    await response.prepare(request)
    if last:
        await response.write(_event(last))
    await response.write_eof()
    return response


def _last(
    found: Mapping[str, object] | Refused, output: str, request: web.Request, *, told: bool
) -> Mapping[str, object]:
    """Return what is left to say."""
    if isinstance(found, Refused):
        if not told:
            raise found
        request[SAID] |= {"kind": found.kind, "status": found.status}
        return found.content()
    return {name: value for name, value in found.items() if not (told and name == output)}


def _event(content: Mapping[str, object]) -> bytes:
    return f"data: {encode(content)}\n\n".encode("utf-8", "replace")
