"""Who is answered: one browser on this machine, which came by the address that was printed.

A web page elsewhere can make this browser send requests to a loopback port, and a name elsewhere
can be made to lead here. So a request has to name this host, come from this origin, and hold the
cookie that was given for the one-time token.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from aiohttp import web

from llmops.errors import Fault
from llmops.viewing.refusal import Refused

if TYPE_CHECKING:
    from llmops.viewing.refusal import Handler

MOST_BYTES: Final = 256 * 1024
"""The largest request that is read."""

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_ON: Final = (
    '<!doctype html><html lang="en"><title>llmops view</title><link rel="icon" href="data:,">'
    '<a href="/">Go on</a></html>'
)
_ASK: Final = "open the address that `llmops view` printed"


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(slots=True)
class Access:
    """The one-time token in the address, and the cookie that it is exchanged for."""

    port: int
    _token: str = field(default_factory=_secret, repr=False)
    _cookie: str = field(default_factory=_secret, repr=False)

    @property
    def url(self) -> str:
        """Return the address to open; it works once."""
        return f"http://127.0.0.1:{self.port}/?token={self._token}"

    @property
    def hosts(self) -> tuple[str, str]:
        """Return the two names that this server has."""
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    @property
    def cookie_name(self) -> str:
        """Return a name of its own: browsers share cookies between the ports of a host."""
        return f"llmops_view_{self.port}"

    def exchange(self, token: str) -> str | None:
        """Return the cookie for the token, which is worth nothing afterwards; None for another."""
        if not (self._token and _same(token, self._token)):
            return None
        self._token = ""
        return self._cookie

    def knows(self, request: web.Request) -> bool:
        """Tell whether the request holds the cookie."""
        return _same(request.cookies.get(self.cookie_name, ""), self._cookie)


ACCESS: Final = web.AppKey("access", Access)


@web.middleware
async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer only the browser that may ask."""
    access = request.app[ACCESS]
    _require_host(request, access)
    if request.method == "GET" and request.path == "/" and "token" in request.query:
        return _exchanged(request, access)
    _require_origin(request)
    if not access.knows(request):
        raise _refused(401, request.path, "the request has no valid token", next_step=_ASK)
    return await handler(request)


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Forbid what no page here needs; an answer that states its own policy keeps it."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)


def _exchanged(request: web.Request, access: Access) -> web.Response:
    """Exchange the token, and have the browser go on to an address without it.

    A `Refresh` and not a `Location`: the browser may have been sent here by a file or another
    program, and holds a strict cookie back until a page of this origin leads on.
    """
    cookie = access.exchange(request.query["token"])
    if cookie is None and not access.knows(request):
        seen = "the token is wrong, or was used already"
        raise _refused(401, "token", seen, "each works once", "start `llmops view` again")
    response = web.Response(
        text=_ON,
        content_type="text/html",
        headers={"Refresh": "0; url=/"},
    )
    if cookie:
        response.set_cookie(access.cookie_name, cookie, path="/", httponly=True, samesite="Strict")
    return response


def _require_host(request: web.Request, access: Access) -> None:
    hosts = request.headers.getall("Host", [])
    if len(hosts) != 1 or hosts[0] not in access.hosts:
        allowed = f"this viewer is {' or '.join(access.hosts)}"
        raise _refused(403, "Host", "the request names another host", allowed)


def _require_origin(request: web.Request) -> None:
    """Refuse what another origin sent; what changes something must say where it is from."""
    own = f"http://{request.headers['Host']}"
    reads = request.method in {"GET", "HEAD"}
    site = request.headers.get("Sec-Fetch-Site", "none" if reads else "same-origin")
    origin = request.headers.get("Origin", own if reads else "")
    if origin != own or site not in ({"same-origin", "none"} if reads else {"same-origin"}):
        raise _refused(403, "Origin", "the request comes from another origin", f"allowed is {own}")
    if not reads and request.content_type != "application/json":
        raise _refused(415, "Content-Type", request.content_type, "allowed is application/json")


def _refused(status: int, where: str, seen: str, allowed: str = "", next_step: str = "") -> Refused:
    return Refused(status, Fault(where=where, seen=seen, allowed=allowed, next_step=next_step))


def _same(given: str, known: str) -> bool:
    """Compare without telling by the time it takes how much was right."""
    return secrets.compare_digest(given.encode(), known.encode())
