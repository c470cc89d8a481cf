"""The gateway's configuration in HAProxy's words (2.6 or newer)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from llmops.errors import ConfigError, Fault
from llmops.gateway.haproxy_log import log_format
from llmops.gateway.headers import MIRROR_HEADER

if TYPE_CHECKING:
    from pathlib import Path

    from llmops.domain.traffic import Address, Backend, GatewayConfiguration

BACKEND: Final = "endpoint"
_MOST_WEIGHT: Final = 256
_LONGEST_SOCKET: Final = 90
"""In characters: the system allows 107, and HAProxy adds some while it starts."""
_IDEMPOTENT: Final = "GET HEAD OPTIONS TRACE PUT DELETE"
_CHECKS: Final = "check inter {inter} fall {fall} rise {rise} observe layer4 error-limit {limit}"


def render(configuration: GatewayConfiguration, listener: int, socket: Path, secret: bytes) -> str:
    """Return a configuration file.

    `listener` is the descriptor of the socket that takes requests, `socket` where HAProxy will be
    controlled; with `secret` sticky keys get their units.
    """
    sections = {
        "global": _global(configuration, socket),
        "defaults": _defaults(configuration),
        "frontend public": _frontend(configuration, listener, secret),
        f"backend {BACKEND}": _backend(configuration),
    }
    return "\n".join("\n    ".join((title, *lines)) + "\n" for title, lines in sections.items())


def servers(configuration: GatewayConfiguration) -> dict[str, tuple[Address, int]]:
    """Return every instance, named `<deployment>:<host>:<port>`, its address and its weight.

    HAProxy weighs instances. So that shares are exact, an instance's weight is its deployment's
    percentage divided by the number of its instances, times what makes all of them whole.
    """
    whole = math.lcm(*(len(each.addresses) for each in configuration.backends))
    shares = {
        each.name: each.percent * whole // len(each.addresses) for each in configuration.backends
    }
    divisor = math.gcd(*shares.values()) or 1
    return {
        server_name(backend, address): (address, shares[backend.name] // divisor)
        for backend in configuration.backends
        for address in backend.addresses
    }


def server_name(backend: Backend, address: Address) -> str:
    """Return what HAProxy calls an instance; deployments have no colon in their names."""
    return f"{backend.name}:{address.host}:{address.port}"


def server_options(configuration: GatewayConfiguration) -> str:
    """Return how an instance is checked."""
    rules = configuration.health
    checks = _CHECKS.format(
        inter=_milliseconds(rules.interval_seconds),
        fall=rules.fall,
        rise=rules.rise,
        limit=rules.eject_after,
    )
    return f"{checks} on-error mark-down"


def require_able(configuration: GatewayConfiguration, socket: Path) -> None:
    """Refuse what HAProxy cannot do.

    Raises:
        ConfigError: with every fault.
    """
    wrong = {
        "mirror": (
            "HAProxy sends no copies"
            if any(each.mirror_percent for each in configuration.backends)
            else ""
        ),
        "traffic": (
            "HAProxy has no weights fine enough for these shares and numbers of instances"
            if any(weight > _MOST_WEIGHT for _, weight in servers(configuration).values())
            else ""
        ),
        str(socket): (
            f"{len(str(socket))} characters are too many for a socket; allowed: {_LONGEST_SOCKET}"
            if len(str(socket)) > _LONGEST_SOCKET
            else ""
        ),
    }
    step = "use the built-in gateway"
    faults = [Fault(where=name, seen=seen, next_step=step) for name, seen in wrong.items() if seen]
    if faults:
        raise ConfigError(faults)


def _global(configuration: GatewayConfiguration, socket: Path) -> list[str]:
    return [
        f"stats socket {socket} mode 600 level admin",
        "nbthread 1",  # of several, one that finds the log busy drops its line
        "tune.bufsize 262144",
        f"hard-stop-after {_milliseconds(configuration.limits.grace_seconds)}",
    ]


def _defaults(configuration: GatewayConfiguration) -> list[str]:
    limits, health = configuration.limits, configuration.health
    timeouts = {
        "connect": limits.connect_seconds,
        "client": limits.client_seconds,
        "server": limits.answer_seconds,
        "http-request": limits.client_seconds,
        "http-keep-alive": limits.idle_seconds,
        "check": health.timeout_seconds,
    }
    return ["mode http", *(f"timeout {k} {_milliseconds(v)}" for k, v in timeouts.items())]


def _frontend(configuration: GatewayConfiguration, listener: int, secret: bytes) -> list[str]:
    request_id, deployment = configuration.request_id_header, configuration.deployment_header
    largest = configuration.limits.max_bytes
    return [
        f"bind fd@{listener}",
        "log stdout format raw local0",
        f"log-format '{log_format(secret)}'",
        "option forwardfor",
        f"http-request set-var(txn.id) req.hdr({request_id})",
        "http-request set-var(txn.id) uuid() unless { var(txn.id) -m reg ^[A-Za-z0-9._-]{1,64}$ }",
        "http-request set-var(txn.path) path",
        *_key(configuration.sticky),
        "http-request set-var(txn.sticky) str(true) if { var(txn.key) -m found }",
        f"http-request set-header {request_id} %[var(txn.id)]",
        f"http-request del-header {MIRROR_HEADER}",
        f"http-request deny deny_status 413 if {{ req.body_size gt {largest} }}",
        f"http-after-response set-header {request_id} %[var(txn.id)]",
        f"http-response set-header {deployment} %[srv_name,field(1,:)]",
        *(
            f"http-request return status 404 if {{ path {each} }}"
            for each in configuration.private_paths
        ),
        f"default_backend {BACKEND}",
    ]


def _key(sticky: str) -> list[str]:
    """Find the sticky key; who has no cookie is given one, as the built-in gateway does."""
    kind, _, name = sticky.partition(":")
    if kind == "header":
        return [f"http-request set-var(txn.key) req.hdr({name})"]
    if kind == "cookie":
        given = f"{name}=%[var(txn.fresh)]; Path=/; HttpOnly; SameSite=Lax"
        fresh = "if { var(txn.fresh) -m found }"
        return [
            f"http-request set-var(txn.key) req.cook({name})",
            "http-request set-var(txn.fresh) uuid() unless { var(txn.key) -m found }",
            f"http-request set-var(txn.key) var(txn.fresh) {fresh}",
            f'http-after-response add-header Set-Cookie "{given}" {fresh}',
        ]
    return []


def _backend(configuration: GatewayConfiguration) -> list[str]:
    again = "".join(
        f" || {{ method {method} }} {{ path {path} }}"
        for method, _, path in (each.partition(" ") for each in configuration.retry_unanswered)
    )
    balance = ["balance hash var(txn.key)", "hash-type consistent"]
    options = server_options(configuration)
    return [
        *(balance if configuration.sticky else ["balance roundrobin"]),
        "retries 3",
        "option redispatch 1",
        "retry-on conn-failure empty-response",
        f"http-request disable-l7-retry unless {{ method {_IDEMPOTENT} }}{again}",
        "option httpchk",
        f"http-check send meth GET uri {configuration.health.path}",
        "http-check expect status 200",
        *(
            f"server {name} {address} weight {weight} {options}"
            for name, (address, weight) in servers(configuration).items()
        ),
    ]


def _milliseconds(seconds: float) -> str:
    return f"{max(1, round(seconds * 1000))}ms"
