"""Who answers an endpoint's requests, and how the gateway in front of them behaves.

Every value checks itself and raises ValueError: it names all that is wrong with it.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_HOST: Final = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_STICKY: Final = re.compile(r"((header|cookie):[A-Za-z0-9_-]{1,64})?")
_PATH: Final = re.compile(r"/\S*")
_REPEATABLE: Final = re.compile(r"[A-Z]+ /\S*")


def _require(*rules: tuple[object, str]) -> None:
    if broken := [message for holds, message in rules if not holds]:
        raise ValueError("\n".join(broken))


def _within(name: str, value: float, low: float, high: float) -> tuple[bool, str]:
    return low <= value <= high, f"{name}: {value}; allowed: {low} to {high}"


def _repeated(names: Iterable[str]) -> str:
    return ", ".join(name for name, count in Counter(names).items() if count > 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficSplit:
    """Percent of an endpoint's requests by deployment: together 100, or all 0 before the first."""

    percent: Mapping[str, int]

    def __post_init__(self) -> None:
        """Refuse a split that loses requests or has too many."""
        total = sum(self.percent.values())
        stated = ", ".join(f"{name} {each}" for name, each in self.percent.items())
        whole = total in {0, 100} and all(0 <= each <= 100 for each in self.percent.values())
        _require((whole, f"traffic: {stated}; allowed: percentages that add up to 100, or all 0"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where one instance of a deployment listens."""

    port: int
    host: str = "127.0.0.1"

    def __post_init__(self) -> None:
        """Refuse what cannot be reached."""
        _require(
            (_HOST.fullmatch(self.host), f"host: {self.host!r}; allowed: a name or an address"),
            _within("port", self.port, 1, 65_535),
        )

    def __str__(self) -> str:
        """Return it as a URL has it: an IPv6 address in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A deployment that the gateway can reach: one instance or more, each at an address.

    `percent` is its share of the requests. Of its healthy instances the one with the fewest
    requests in work answers; among equals, the one that has waited longest. `mirror_percent` is
    the share of the others' requests of which it gets a copy, its answers seen by nobody.
    """

    name: str
    addresses: tuple[Address, ...]
    percent: int = 0
    mirror_percent: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be reached or counted."""
        _require(
            (_NAME.fullmatch(self.name), f"name: {self.name!r}; allowed: letters, digits, . _ -"),
            (self.addresses, f"addresses: {self.name} has none; allowed: one or more"),
            _within("percent", self.percent, 0, 100),
            _within("mirror_percent", self.mirror_percent, 0, 100),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck:
    """When an instance is out and when it is back.

    Every `interval_seconds` each is asked for `path`; 200 is good. `fall` bad answers in a row, or
    `eject_after` requests in a row that it did not take or did not answer, put it out; `rise`
    good answers in a row bring it back. What it answers to a request, 500 too, is an answer.
    The others share what a deployment without a healthy instance would get.
    """

    path: str = "/ready"
    interval_seconds: float = 1.0
    timeout_seconds: float = 2.0
    fall: int = 3
    rise: int = 1
    eject_after: int = 3

    def __post_init__(self) -> None:
        """Refuse checks that are never made or never mean anything."""
        _require(
            (_PATH.fullmatch(self.path), f"path: {self.path!r}; allowed: what begins with /"),
            _within("interval_seconds", self.interval_seconds, 0.01, 3600),
            _within("timeout_seconds", self.timeout_seconds, 0.01, 3600),
            _within("fall", self.fall, 1, 100),
            _within("rise", self.rise, 1, 100),
            _within("eject_after", self.eject_after, 1, 100),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a request may take.

    `answer_seconds` is the longest silence of a deployment, before its answer or within it;
    `client_seconds` that of a client, while it sends its body or takes the answer.
    `idle_seconds` closes connections without a whole request head, `grace_seconds` is what
    requests get when the gateway ends; these two are read when it starts.
    """

    max_bytes: int = 8 * 1024 * 1024
    connect_seconds: float = 2.0
    answer_seconds: float = 120.0
    client_seconds: float = 30.0
    idle_seconds: float = 75.0
    grace_seconds: float = 30.0

    def __post_init__(self) -> None:
        """Refuse limits without a meaning."""
        _require(
            _within("max_bytes", self.max_bytes, 1, 2**40),
            _within("connect_seconds", self.connect_seconds, 0.01, 3600),
            _within("answer_seconds", self.answer_seconds, 0.01, 86_400),
            _within("client_seconds", self.client_seconds, 0.01, 3600),
            _within("idle_seconds", self.idle_seconds, 0.01, 3600),
            _within("grace_seconds", self.grace_seconds, 0, 3600),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayConfiguration:
    """All that a gateway is told.

    `sticky` is `header:<name>`, `cookie:<name>` or empty. `retry_unanswered` has the requests,
    as `POST /score`, that another deployment may work on again when the first died before its
    answer was whole; idempotent methods, as GET, always may. `private_paths` are not passed on.
    """

    backends: tuple[Backend, ...]
    sticky: str = ""
    retry_unanswered: tuple[str, ...] = ("POST /score",)
    private_paths: tuple[str, ...] = ("/metrics",)
    deployment_header: str = "X-Deployment"
    request_id_header: str = "X-Request-Id"
    health: HealthCheck = HealthCheck()
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        """Refuse what contradicts itself."""
        twice = _repeated(backend.name for backend in self.backends)
        shared = _repeated(str(each) for backend in self.backends for each in backend.addresses)
        _require(
            (not twice, f"backends: {twice} is there more than once; allowed: each name once"),
            (not shared, f"addresses: {shared} is there more than once; allowed: each once"),
            (
                _STICKY.fullmatch(self.sticky),
                f"sticky: {self.sticky!r}; allowed: header:<name>, cookie:<name>, or empty",
            ),
            (
                all(_REPEATABLE.fullmatch(each) for each in self.retry_unanswered),
                f"retry_unanswered: {', '.join(self.retry_unanswered)}; allowed: METHOD /path",
            ),
            (
                all(map(_PATH.fullmatch, self.private_paths)),
                f"private_paths: {', '.join(self.private_paths)}; allowed: what begins with /",
            ),
            *(
                (_HEADER.fullmatch(each), f"header: {each!r}; allowed: letters, digits and -")
                for each in (self.deployment_header, self.request_id_header)
            ),
        )
        _ = self.split

    @property
    def split(self) -> TrafficSplit:
        """Return the shares of the requests."""
        return TrafficSplit(percent={each.name: each.percent for each in self.backends})
