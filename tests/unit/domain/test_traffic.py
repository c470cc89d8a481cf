"""The gateway's configuration checks itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llmops.domain.traffic import (
    Address,
    Backend,
    GatewayConfiguration,
    HealthCheck,
    Limits,
    TrafficSplit,
)

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = (Address(port=8000),)


@pytest.mark.parametrize("percent", [{}, {"a": 0}, {"a": 100}, {"a": 90, "b": 10, "c": 0}])
def test_a_split_has_everything_or_nothing(percent: dict[str, int]) -> None:
    assert TrafficSplit(percent=percent).percent == percent


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (lambda: TrafficSplit(percent={"a": 90, "b": 9}), "traffic: a 90, b 9; allowed"),
        (lambda: TrafficSplit(percent={"a": 110, "b": -10}), "traffic: a 110, b -10; allowed"),
        (lambda: Address(port=0), "port: 0; allowed: 1 to 65535"),
        (lambda: Address(port=1, host="a/b"), "host: 'a/b'; allowed"),
        (lambda: Backend(name="a b", addresses=HERE), "name: 'a b'; allowed"),
        (lambda: Backend(name="a", addresses=()), "addresses: a has none; allowed"),
        (lambda: Backend(name="a", addresses=HERE, percent=101), "percent: 101; allowed"),
        (lambda: Backend(name="a", addresses=HERE, mirror_percent=-1), "mirror_percent: -1"),
        (lambda: HealthCheck(path="ready"), "path: 'ready'; allowed"),
        (lambda: HealthCheck(path="/a b"), "path: '/a b'; allowed"),
        (lambda: HealthCheck(fall=0), "fall: 0; allowed"),
        (lambda: Limits(max_bytes=0), "max_bytes: 0; allowed"),
        (lambda: Limits(answer_seconds=float("nan")), "answer_seconds: nan; allowed"),
        (lambda: GatewayConfiguration(backends=(), sticky="ip"), "sticky: 'ip'; allowed"),
        (lambda: GatewayConfiguration(backends=(), sticky="cookie:a;b"), "sticky: 'cookie:a;b'"),
        (lambda: GatewayConfiguration(backends=(), retry_unanswered=("/score",)), "METHOD /path"),
        (lambda: GatewayConfiguration(backends=(), private_paths=("metrics",)), "private_paths"),
        (lambda: GatewayConfiguration(backends=(), deployment_header="X Y"), "header: 'X Y'"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(wrong: Callable[[], object], said: str) -> None:
    with pytest.raises(ValueError, match="allowed") as raised:
        wrong()
    assert said in str(raised.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    one = Backend(name="a", addresses=HERE, percent=50)
    two = Backend(name="a", addresses=HERE, percent=50)
    with pytest.raises(ValueError, match="allowed") as raised:
        GatewayConfiguration(backends=(one, two), sticky="ip")
    assert str(raised.value).splitlines() == [
        "backends: a is there more than once; allowed: each name once",
        "addresses: 127.0.0.1:8000 is there more than once; allowed: each once",
        "sticky: 'ip'; allowed: header:<name>, cookie:<name>, or empty",
    ]


def test_an_address_is_written_as_urls_have_it() -> None:
    assert str(Address(port=80)) == "127.0.0.1:80"
    assert str(Address(port=80, host="::1")) == "[::1]:80"
