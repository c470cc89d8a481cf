"""The connections to the deployments, and what can be known when one fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import aiohttp
from yarl import URL

from llmops.gateway.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from multidict import CIMultiDict

    from llmops.domain.traffic import Limits
    from llmops.gateway.bodies import Body
    from llmops.gateway.instances import Instance

_IDLE_SECONDS: Final = 15.0
"""Well below the deployments' own 75 s, so that no request meets a connection as it is closed."""
_NOTHING_ADDED: Final = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")


class Unreached(Exception):  # noqa: N818  a fact about one try
    """No connection: nothing of the request was sent."""


class Unanswered(Exception):  # noqa: N818  a fact about one try
    """The connection ended after the request went out and before the answer was whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A request as deployments get it; `target` is path and query as the client wrote them."""

    method: str
    target: str
    headers: CIMultiDict[str]


def open_session() -> aiohttp.ClientSession:
    """Return the pool; how many connections there are is decided by the clients."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=_NOTHING_ADDED,
    )


async def send(
    session: aiohttp.ClientSession,
    instance: Instance,
    outgoing: Outgoing,
    body: Body,
    limits: Limits,
) -> aiohttp.ClientResponse:
    """Return the answer when its head is there.

    Raises:
        Unreached: when there was no connection.
        Unanswered: when the connection was lost.
        Refused: when the deployment was silent for too long, or the client's body is at fault.
    """
    headers = outgoing.headers
    data = body.held or None
    if body.held is None:
        data = body.stream()
        if body.length is not None:
            headers = headers.copy()
            headers["Content-Length"] = str(body.length)
    try:
        return await session.request(
            outgoing.method,
            URL(instance.origin + outgoing.target, encoded=True),
            data=data,
            headers=headers,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(
                sock_connect=limits.connect_seconds, sock_read=limits.answer_seconds
            ),
        )
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
        raise Unreached from error
    except TimeoutError:
        raise _silent(limits) from None
    except (aiohttp.ClientError, OSError) as error:
        raise body.refused or Unanswered from error


async def read(answer: aiohttp.ClientResponse, limits: Limits) -> bytes:
    """Return the whole answer.

    Raises:
        Unanswered: when it broke off: nobody has seen any of it.
        Refused: when the deployment was silent for too long.
    """
    try:
        return await answer.read()
    except TimeoutError:
        raise _silent(limits) from None
    except (aiohttp.ClientError, OSError) as error:
        raise Unanswered from error


async def parts(answer: aiohttp.ClientResponse, limits: Limits) -> AsyncGenerator[bytes]:
    """Yield the answer as it comes.

    Raises:
        Unanswered: when it broke off.
        Refused: when the deployment was silent for too long.
    """
    try:
        async for part in answer.content.iter_any():
            yield part
    except TimeoutError:
        raise _silent(limits) from None
    except (aiohttp.ClientError, OSError) as error:
        raise Unanswered from error


def _silent(limits: Limits) -> Refused:
    """Return what a client hears of a deployment that doesn't answer."""
    return Refused(504, f"no answer within {limits.answer_seconds:g} s")
