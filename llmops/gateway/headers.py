"""Which headers go through, and which belong to one connection only (RFC 9110, 7.6.1)."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aiohttp import web
    from multidict import CIMultiDict, CIMultiDictProxy

_HOP_BY_HOP: Final = (
    "Connection",
    "Expect",
    "Keep-Alive",
    "Proxy-Authenticate",
    "Proxy-Authorization",
    "Proxy-Connection",
    "TE",
    "Trailer",
    "Transfer-Encoding",
    "Upgrade",
)
MIRROR_HEADER: Final = "X-Mirror"
"""What a copy has, and no request of a client."""
_SANE_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


def end_to_end(headers: CIMultiDictProxy[str]) -> CIMultiDict[str]:
    """Return the headers that are meant for the other end."""
    kept = headers.copy()
    named = ",".join(headers.getall("Connection", ()))
    for name in (*_HOP_BY_HOP, *(each.strip() for each in named.split(",") if each.strip())):
        kept.popall(name, None)
    return kept


def to_deployment(request: web.BaseRequest, id_header: str, request_id: str) -> CIMultiDict[str]:
    """Return what a deployment is sent: the client's headers, its address and the request's id."""
    headers = end_to_end(request.headers)
    headers.popall("Content-Length", None)
    headers.popall(MIRROR_HEADER, None)
    known = headers.popall("X-Forwarded-For", ())
    headers["X-Forwarded-For"] = ", ".join((*known, request.remote or "unknown"))
    headers.setdefault("X-Forwarded-Proto", request.scheme)
    headers.setdefault("X-Forwarded-Host", request.headers.get("Host", ""))
    headers[id_header] = request_id
    return headers


def request_id_of(request: web.BaseRequest, id_header: str) -> str:
    """Return the client's id of the request where it is a sane one, else a new one."""
    sent = request.headers.get(id_header, "")
    return sent if _SANE_ID.fullmatch(sent) else uuid.uuid4().hex
