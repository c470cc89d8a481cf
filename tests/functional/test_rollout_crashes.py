"""Killed anywhere, overtaken, or without room on the disk: every verb comes to one right end."""

from __future__ import annotations

import asyncio
import resource
import shutil
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from memory_target import Killed
from rollout_place import A, B, Place

from llmops import ledger
from llmops.domain.deployment import Routing
from llmops.errors import LLMOpsError, TargetError
from llmops.pipeline.promote import Step, promote

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path


@pytest.fixture
def place(place: Place) -> Place:
    """Two deployments, 90 to 10."""
    place.deploy(1)
    place.deploy(2)
    return place


VERBS: dict[str, tuple[Callable[[Place], object], int]] = {
    "deploy": (lambda place: place.deploy(1, name="third", percent=20), 6),
    "traffic": (lambda place: place.traffic(messages_1=30, messages_2=70), 2),
    "promote": (lambda place: place.promote(deployment=B, percent=100), 2),
    "promote to the next step": (lambda place: place.promote(deployment=B), 2),
    "rollback": (lambda place: place.rollback(), 2),
    "delete": (lambda place: place.delete("spare"), 2),
    "delete all": (lambda place: place.delete(), 10),
}
"""By name, a verb and the moments around its effects, at each of which it can be killed."""


@pytest.mark.parametrize("name", VERBS)
def test_killed_at_any_step_the_same_command_comes_to_the_same_end(place: Place, name: str) -> None:
    verb, points = VERBS[name]
    place.deploy(2, name="spare", percent=0)
    whole = place.copy("whole")
    verb(whole)
    assert whole.target.points == points
    for point in range(1, points + 1):
        copy = place.copy(f"{point}")
        copy.target.restart(point)
        with pytest.raises(Killed):
            verb(copy)
        assert copy.shares in (place.shares, whole.shares)
        copy.target.restart(None)
        verb(copy)
        assert (copy.shares, copy.recorded()) == (whole.shares, whole.recorded())
        assert copy.target.deployments.keys() == whole.target.deployments.keys()
        assert copy.status().unlike == ()


@pytest.mark.parametrize("name", VERBS)
def test_without_room_for_the_record_nothing_changes_but_by_a_rollback(
    place: Place, name: str
) -> None:
    verb, _ = VERBS[name]
    place.deploy(2, name="spare", percent=0)
    before, there = place.shares, place.target.deployments.keys()
    with full_disk(ledger.path_of(place.folder)), pytest.raises(LLMOpsError) as refused:
        verb(place)
    assert "ledger.jsonl: cannot be written: File too large; nothing was recorded" in str(
        refused.value
    )
    assert place.shares == ({A: 100} if name == "rollback" else before)
    assert place.target.deployments.keys() == there
    verb(place)
    assert place.status().unlike == ()


@contextmanager
def full_disk(path: Path) -> Generator[None]:
    """Let no file of this process grow beyond the size of this one."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_two_commands_at_once_do_not_overwrite_each_other(place: Place) -> None:
    async def overtaken() -> None:
        endpoint = place.endpoint
        latest = endpoint.latest()
        assert latest
        await promote(endpoint, Step())
        late = replace(latest.change, routing=Routing(percent={A: 100, B: 0}))
        with pytest.raises(TargetError, match="somebody has changed it meanwhile"):
            await endpoint.follow(late, latest)
        staged = replace(latest.change, releases={**latest.change.releases, "c": "messages/1"})
        with pytest.raises(TargetError, match="somebody has changed it meanwhile"):
            endpoint.stage(staged, latest)

    asyncio.run(overtaken())
    assert place.shares == {A: 50, B: 50}
    assert place.status().unlike == ()


def test_two_commands_that_want_the_same_both_come_to_their_end(place: Place) -> None:
    async def twice() -> None:
        endpoint = place.endpoint
        latest = endpoint.latest()
        assert latest
        await promote(endpoint, Step())
        again = replace(latest.change, routing=Routing(percent={A: 50, B: 50}))
        await endpoint.follow(again, latest)

    before = len(place.recorded())
    asyncio.run(twice())
    assert place.shares == {A: 50, B: 50}
    assert len(place.recorded()) == before + 1


@pytest.mark.parametrize("verb", [partial(Place.deploy, number=2), Place.delete])
def test_a_shared_place_that_cannot_be_written_is_said(
    place: Place, verb: Callable[[Place], object]
) -> None:
    endpoints = place.folder / "reports" / "endpoints"
    shutil.rmtree(endpoints)
    endpoints.write_text("")
    place.target.routing = Routing(percent={A: 100})
    with pytest.raises(LLMOpsError, match=r"endpoints\.lock: cannot be written: File exists"):
        verb(place)


def test_nothing_is_recorded_of_an_endpoint_that_never_was(place: Place) -> None:
    place.delete()
    before = place.recorded()
    place.delete()
    place.plan("endpoint: other\n")
    place.delete()
    assert place.recorded() == []
    place.plan("endpoint: inbox\n")
    assert place.recorded() == before
