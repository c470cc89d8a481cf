"""What is a request's own and what is a connection's."""

from __future__ import annotations

from multidict import CIMultiDict, CIMultiDictProxy

from llmops.gateway.exchange import Exchange
from llmops.gateway.headers import end_to_end
from llmops.gateway.units import Units


def test_what_connection_names_is_left_out_however_it_is_written() -> None:
    headers = CIMultiDictProxy(
        CIMultiDict[str](
            [
                ("connection", "X-One ,close"),
                ("CONNECTION", ", x-two,,"),
                ("x-one", "1"),
                ("X-Two", "2"),
                ("te", "trailers"),
                ("X-Three", "3"),
                ("x-three", "4"),
            ]
        )
    )
    assert list(end_to_end(headers).items()) == [("X-Three", "3"), ("x-three", "4")]


def test_a_unit_is_the_same_for_the_same_key_and_secret_only() -> None:
    units = Units(b"a" * 32)
    assert units.of("anna") == units.of("anna")
    assert len({units.of("anna"), units.of("bert"), Units(b"b" * 32).of("anna")}) == 3
    assert units.of("") == ""
    assert len(units.of("\udce9")) == 16, "headers may have any bytes"


def test_the_first_try_is_no_retry() -> None:
    exchange = Exchange(request_id="1", method="GET", path="/")
    seen: list[int] = []
    for name in ("", "prior", "current"):
        if name:
            exchange.ask(name)
        seen.append(exchange.retried)
    assert seen == [0, 0, 1]
    assert exchange.deployment == "current"
