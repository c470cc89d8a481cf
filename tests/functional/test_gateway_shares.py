"""Who answers: exact shares, users that stay where they are, copies that nobody hears."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from deployment_double import Rig, head, is_silent, on_a_loop, receive, rig, says
from gateway_client import eventually, until

from llmops.concurrency import together
from llmops.domain.traffic import Backend

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CLIENTS = 32
USERS = 2_000


async def ask(it: Rig, requests: Sequence[Sequence[str]]) -> list[str]:
    """Send requests with these headers, many at once; return who answered each, in order."""
    found = [""] * len(requests)
    numbers = iter(range(len(requests)))

    async def client() -> None:
        async with it.connection() as (reader, writer):
            for number in numbers:
                writer.write(
                    head(
                        "POST /score HTTP/1.1",
                        "Host: here",
                        "Content-Length: 2",
                        f"X-Request-Id: {number}",
                        *requests[number],
                    )
                    + b"{}"
                )
                answer = await receive(reader)
                assert answer.status == 200
                found[number] = answer.headers["X-Deployment"]
                assert answer.body.decode() == found[number]

    await together([client() for _ in range(CLIENTS)])
    return found


@on_a_loop
async def test_10000_requests_are_shared_exactly_and_all_say_the_same(tmp_path: Path) -> None:
    async with rig(tmp_path, ("prior", 90), ("current", 10)) as it:
        found = await ask(it, [()] * 10_000)
        logged = {int(line["request_id"]): line["deployment"] for line in it.log()}
        counts = {name: len(double.received) for name, double in it.doubles.items()}
    assert Counter(found) == counts == {"prior": 9000, "current": 1000}
    assert logged == dict(enumerate(found))


@on_a_loop
async def test_a_change_holds_from_the_next_request_on(tmp_path: Path) -> None:
    async with rig(tmp_path, ("prior", 100), ("current", 0)) as it, it.connection() as (r, w):

        async def deployment() -> str:
            w.write(head("POST /score HTTP/1.1", "Host: a", "Content-Length: 2") + b"{}")
            return (await receive(r)).headers["X-Deployment"]

        for share in [0, 100, 0, 100, 100, 0]:
            await it.split(prior=100 - share, current=share)
            assert await deployment() == ("current" if share else "prior")
        await it.split()
        w.write(head("POST /score HTTP/1.1", "Host: a", "Content-Length: 2") + b"{}")
        refused = await receive(r)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "1")


@on_a_loop
async def test_saying_the_same_again_moves_nothing(tmp_path: Path) -> None:
    async with rig(tmp_path, ("prior", 90), ("current", 10)) as it:
        found = Counter[str]()
        for _ in range(20):
            await it.split(prior=90, current=10)
            found.update(await ask(it, [()] * 5))
    assert found == {"prior": 90, "current": 10}


@pytest.mark.parametrize("sticky", ["header:X-User", "cookie:user"])
@on_a_loop
async def test_users_stay_and_only_the_moved_share_moves(tmp_path: Path, sticky: str) -> None:
    name = "X-User: user-{}" if sticky.startswith("header") else "Cookie: a=b; user=user-{}; c=d"
    users = [(name.format(number),) for number in range(USERS)]
    async with rig(tmp_path, ("prior", 90), ("current", 10), sticky=sticky) as it:
        first = await ask(it, users)
        assert first == await ask(it, users)
        assert first.count("current") / USERS == pytest.approx(0.1, abs=0.02)
        await it.split(prior=70, current=30)
        second = await ask(it, users)
        await it.split(prior=90, current=10)
        assert first == await ask(it, users)
        lines = it.log()
    moved = Counter(pair for pair in zip(first, second, strict=True) if pair[0] != pair[1])
    assert set(moved) == {("prior", "current")}
    assert second.count("current") / USERS == pytest.approx(0.3, abs=0.03)
    assert len({line["unit"] for line in lines}) == USERS, "users can be counted"
    assert all(line["sticky"] for line in lines)
    assert "user-" not in (tmp_path / "access.jsonl").read_text(), "and not named"


@on_a_loop
async def test_a_user_of_a_deployment_that_is_out_comes_back_to_it(tmp_path: Path) -> None:
    users = [(f"X-User: {number}",) for number in range(200)]
    shares = (("prior", 50), ("current", 50))
    async with rig(tmp_path, *shares, sticky="header:X-User") as it:
        first = await ask(it, users)
        it.doubles["current"].ready = False
        await until(it.gateway, lambda status: not status.deployments[1].up)
        assert set(await ask(it, users)) == {"prior"}
        it.doubles["current"].ready = True
        await until(it.gateway, lambda status: status.deployments[1].up)
        assert first == await ask(it, users)


@on_a_loop
async def test_who_has_no_cookie_is_given_one_and_stays(tmp_path: Path) -> None:
    async with rig(tmp_path, ("prior", 50), ("current", 50), sticky="cookie:side") as it:
        for _ in range(20):
            answer = await it.score()
            cookie, *attributes = answer.headers["Set-Cookie"].split("; ")
            assert {"HttpOnly", "Path=/", "SameSite=Lax"} <= set(attributes)
            again = await it.score(f"Cookie: {cookie}")
            assert again.headers["X-Deployment"] == answer.headers["X-Deployment"]
            assert "Set-Cookie" not in again.headers
        units = [line["unit"] for line in it.log()]
    assert units[::2] == units[1::2]
    assert len(set(units)) == 20


@on_a_loop
async def test_requests_without_a_key_are_shared_exactly(tmp_path: Path) -> None:
    async with rig(tmp_path, ("prior", 90), ("current", 10), sticky="header:X-User") as it:
        assert Counter(await ask(it, [()] * 100)) == {"prior": 90, "current": 10}
        assert not any(line["sticky"] or line["unit"] for line in it.log())


@on_a_loop
async def test_of_several_instances_the_one_with_the_least_in_work_answers(tmp_path: Path) -> None:
    async with rig(tmp_path, ("one", 100), ("two", 0)) as it:
        for name, double in it.doubles.items():
            double.script = says(b"prior", f"X-Instance: {name}")
        addresses = tuple(each.address for each in it.doubles.values())
        backend = Backend(name="prior", addresses=addresses, percent=100)
        await it.gateway.apply(replace(it.configuration, backends=(backend,)))
        taken = [(await it.score()).headers["X-Instance"] for _ in range(10)]
        assert Counter(taken) == {"one": 5, "two": 5}, "in turn while both are idle"
        it.doubles["one"].script = is_silent
        async with it.connection() as (_, first), it.connection() as (_, second):
            for writer in (first, second):
                writer.write(head("POST /score HTTP/1.1", "Host: a", "Content-Length: 2") + b"{}")
                await writer.drain()
            await until(
                it.gateway,
                lambda status: status.deployments[0].instances[0].in_flight > 0,
            )
            assert {(await it.score()).headers["X-Instance"] for _ in range(10)} == {"two"}


async def mirror(it: Rig, percent: int) -> None:
    prior, shadow = it.configuration.backends
    backends = (prior, replace(shadow, mirror_percent=percent))
    await it.gateway.apply(replace(it.configuration, backends=backends))


@on_a_loop
async def test_copies_are_counted_and_what_they_are_answered_is_dropped(tmp_path: Path) -> None:
    async with rig(tmp_path, ("prior", 100), ("shadow", 0)) as it:
        await mirror(it, 25)
        it.doubles["shadow"].script = says(b"broken", status="500 Oh")
        assert set(await ask(it, [()] * 400)) == {"prior"}
        copies = it.doubles["shadow"].received
        await eventually(lambda: len(copies) >= 100)
        assert len(it.log()) == 400
    assert len(copies) == 100
    assert all(copy.headers["X-Mirror"] == "true" and copy.body == b"{}" for copy in copies)
    originals = {each.headers["X-Request-Id"] for each in it.doubles["prior"].received}
    assert {copy.headers["X-Request-Id"] for copy in copies} <= originals


@on_a_loop
async def test_copies_for_a_slow_deployment_are_dropped_and_disturb_nobody(tmp_path: Path) -> None:
    async with rig(tmp_path, ("prior", 100), ("shadow", 0)) as it:
        it.doubles["shadow"].script = is_silent
        await mirror(it, 100)
        assert set(await ask(it, [()] * 1000)) == {"prior"}
        assert len(it.doubles["shadow"].received) <= 16, "no more at once"
        metrics = await it.metrics()
    dropped = 'llmops_gateway_mirrored_total{deployment="shadow",outcome="dropped"}'
    assert metrics[dropped] >= 1000 - 256 - 2 * 16
