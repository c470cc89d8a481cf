"""The same key comes to the same deployment, in the right shares, without a table of keys."""

from __future__ import annotations

import hashlib
import math
import uuid
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

_LONGEST: Final = 512


def preferred(key: str, weights: Mapping[str, int]) -> str:
    """Return where a key belongs; every weight is above 0, and there is at least one.

    Weighted rendezvous hashing: key and name give a number `u` evenly spread over (0, 1), and
    the highest `weight / -ln(u)` wins, which happens in proportion to the weights. The number
    never changes. So a key keeps its place until weights change; when one weight grows at the
    cost of another, keys move from the one to the other only; and while its first is down, a key
    has one second place, in proportion to the weights again.

    >>> preferred("user 7", {"prior": 90, "current": 10})
    'prior'
    >>> preferred("user 7", {"current": 10})
    'current'
    """
    return max(weights, key=lambda name: weights[name] / -math.log(_even(key, name)))


def _even(key: str, name: str) -> float:
    seed = f"{name}\0{key}".encode("utf-8", "surrogateescape")
    digest = hashlib.blake2b(seed, digest_size=8).digest()
    return ((int.from_bytes(digest) >> 12) + 0.5) / 2**52  # exact: never 0, never 1


class StickyKey:
    """Where a request has its key: `header:<name>` or `cookie:<name>`."""

    def __init__(self, source: str) -> None:
        """Take the source as the configuration has it; empty for none."""
        self._kind, _, self._name = source.partition(":")

    def of(self, request: web.BaseRequest) -> str:
        """Return the request's key; empty for none."""
        if self._kind == "header":
            return request.headers.get(self._name, "")[:_LONGEST]
        if self._kind == "cookie":
            return request.cookies.get(self._name, "")[:_LONGEST]
        return ""

    @property
    def given(self) -> bool:
        """Whether a client that has no key is given one."""
        return self._kind == "cookie"

    def fresh(self) -> tuple[str, str]:
        """Return a new key and the Set-Cookie that keeps it."""
        key = uuid.uuid4().hex
        return key, f"{self._name}={key}; Path=/; HttpOnly; SameSite=Lax"
