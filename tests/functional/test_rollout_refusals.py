"""Ways to give traffic to what nobody approved, or to what cannot answer: all are closed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from approving import approve
from memory_target import MemoryTarget
from rollout_place import TWO, A, B, Place

from llmops.domain.deployment import Reply, Routing
from llmops.errors import ApprovalError, GateError, TargetError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from llmops.rollout.outcome import Outcome

BLUE, GREEN = "blue", "green"
C = "third"
ENDPOINT = "prod/inbox"
PLAN_ELSEWHERE = "endpoint: inbox\ntarget: {kind: container}\n"


def test_a_rollback_does_not_take_a_name_for_the_release_that_once_had_it(place: Place) -> None:
    place.deploy(1, name=BLUE)
    place.deploy(1, name=GREEN, percent=100)
    approve(place.project, *TWO, max_traffic=10)
    place.deploy(2, name=BLUE, percent=10)
    place.traffic(blue=0, green=100)
    with pytest.raises(TargetError, match="there is no deployment to go back to"):
        place.rollback()
    assert place.shares == {GREEN: 100}


def test_a_rollback_does_not_return_to_what_was_rolled_back(place: Place) -> None:
    place.deploy(1)
    place.deploy(2, percent=100)
    place.rollback()
    place.target.unready.add(C)
    with pytest.raises(TargetError, match="it fell over"):
        place.deploy(2, name=C)
    place.rollback()
    assert place.shares == {A: 100}
    place.delete(C)
    place.rollback()
    assert place.shares == {A: 100}


def test_a_rollback_goes_to_the_last_of_several(place: Place) -> None:
    place.deploy(1)
    place.deploy(2, percent=100)
    place.deploy(1, name=C, percent=100)
    place.rollback()
    assert place.shares == {B: 100}
    place.traffic(messages_1=100)
    place.rollback()
    assert place.shares == {B: 100}


def test_a_deployment_without_the_others_is_not_left_without_traffic(place: Place) -> None:
    place.deploy(1)
    for verb in (partial(place.deploy, 1, percent=0), partial(place.promote, percent=0)):
        with pytest.raises(TargetError, match=f"{A}: 0 %: nobody else would have the rest"):
            verb()
    assert place.shares == {A: 100}


def test_copies_are_for_approved_releases_only(place: Place) -> None:
    place.deploy(1)
    place.deploy(2)
    approve(place.project, *TWO, max_traffic=10)
    place.traffic(mirror={B: 20}, messages_1=100)
    shutil.rmtree(place.project.runs[-1])
    place.traffic(messages_1=100)
    with pytest.raises(ApprovalError, match="the evidence of its run is not here"):
        place.traffic(mirror={B: 20}, messages_1=100)
    assert place.target.routing.mirror == {}


def test_what_gets_copies_is_not_replaced_by_another_release(place: Place) -> None:
    place.deploy(1)
    place.deploy(2)
    place.traffic(mirror={B: 20}, messages_1=100)
    with pytest.raises(TargetError, match=f"{B}: it gets copies of 20 % of {ENDPOINT}"):
        place.deploy(1, name=B)


def test_nothing_gets_traffic_that_did_not_pass_its_smoke_test(place: Place) -> None:
    place.deploy(1)
    place.target.reply = Reply(status=500, content=b"oh")
    with pytest.raises(TargetError, match="smoke test failed"):
        place.deploy(2)
    for verb in (place.promote, partial(place.traffic, messages_1=50, messages_2=50)):
        with pytest.raises(TargetError, match=f"{B}: the smoke test failed: status 500: oh"):
            verb()
    assert place.shares == {A: 100}
    place.target.reply = MemoryTarget().reply
    place.promote()
    assert place.shares == {A: 90, B: 10}


def test_what_is_not_ready_gets_no_more_traffic(place: Place) -> None:
    place.deploy(1)
    place.deploy(2)
    place.target.unready.add(B)
    for verb in (place.promote, partial(place.traffic, messages_1=50, messages_2=50)):
        with pytest.raises(TargetError, match=f"{B} cannot take more requests: it fell over"):
            verb()
    place.traffic(messages_1=100)
    assert place.shares == {A: 100}


def test_what_was_rolled_back_is_not_promoted_by_the_clock(place: Place) -> None:
    place.deploy(1)
    place.deploy(2)
    place.rollback()
    with pytest.raises(GateError, match=f"{B} was rolled back.*: it is rude"):
        place.promote()
    assert place.shares == {A: 100}
    place.promote(anyway="it was the network")
    assert place.shares == {A: 90, B: 10}
    place.rollback()
    place.deploy(2)
    place.promote()
    assert place.shares == {A: 50, B: 50}


def test_an_endpoint_stays_on_its_target_while_anything_is_there(place: Place) -> None:
    place.deploy(1)
    other = f"{PLAN_ELSEWHERE}"
    plan = place.folder / "experiments/messages/deployment.yaml"
    before = plan.read_text()
    plan.write_text(other)
    verbs: list[Callable[[], object]] = [
        partial(place.deploy, 2),
        place.promote,
        partial(place.traffic, messages_1=100),
        place.rollback,
        place.delete,
        place.status,
    ]
    for verb in verbs:
        with pytest.raises(TargetError, match=r"it is on local, and .* says container"):
            verb()
    plan.write_text(before)
    place.delete()
    plan.write_text(other)
    assert place.status().unlike == ()


def test_status_knows_a_release_by_its_digest(place: Place) -> None:
    place.deploy(1)
    there = place.target.deployments[A]
    place.target.deployments[A] = replace(there, release=replace(there.release, digest="0" * 64))
    assert place.status().unlike == (
        f"{A}: what it serves as messages/1 is not what was registered",
    )


def test_a_dry_run_tells_what_then_happens(place: Place) -> None:
    """Say every verb dry first: the same lines, and not a byte changes."""

    def both(verb: Callable[..., Outcome]) -> None:
        before = tree(place.folder), replace(place.target, done=[*place.target.done])
        said = verb(dry_run=True)
        assert (tree(place.folder), place.target) == before
        assert verb() == said

    both(partial(place.deploy, 1))
    both(partial(place.deploy, 2))
    both(place.promote)
    both(partial(place.traffic, mirror={B: 20}, messages_1=100))
    both(place.rollback)
    both(partial(place.traffic, messages_1=20, messages_2=80))
    place.target.routing = Routing(percent={A: 70, B: 30})
    both(partial(place.traffic, messages_1=20, messages_2=80))
    del place.target.deployments[B]
    both(partial(place.deploy, 2))
    both(place.rollback)
    both(partial(place.delete, B))
    both(place.delete)
    both(place.delete)


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
