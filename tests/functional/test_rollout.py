"""Deploy, traffic, promote, rollback, delete: what is allowed, what is recorded, what survives."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from approving import ENVIRONMENT, approve, labelled
from memory_target import MemoryTarget
from rollout_place import ONE, TWO, A, B, Place

from llmops import ledger
from llmops.deployed import deployed
from llmops.deployment import load_deployment
from llmops.domain.deployment import Reply, Routing
from llmops.errors import ApprovalError, ConfigError, GateError, TargetError
from llmops.gating import Unmeasured
from llmops.pipeline.audit import audit
from llmops.pipeline.deploy import Order, deploy
from llmops.registries.catalogue import Catalogue

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmops.rollout.outcome import Outcome


def test_from_nothing_to_a_b_and_back(place: Place) -> None:
    place.deploy(1)
    assert place.shares == {A: 100}
    assert place.target.asked == [(A, {"text": "message 0"})]
    place.deploy(2)
    assert place.shares == {A: 90, B: 10}
    place.promote()
    assert place.shares == {A: 50, B: 50}
    place.promote(percent=100)
    assert place.shares == {B: 100}
    place.rollback()
    assert place.shares == {A: 100}
    assert place.recorded() == [
        ("traffic", {A: 0}),
        ("traffic", {A: 100}),
        ("traffic", {A: 100, B: 0}),
        ("traffic", {A: 90, B: 10}),
        ("traffic", {A: 50, B: 50}),
        ("traffic", {A: 0, B: 100}),
        ("rollback", {A: 100, B: 0}),
    ]
    assert place.status().unlike == ()


def test_every_verb_said_twice_changes_nothing_the_second_time(place: Place) -> None:
    verbs: list[Callable[[], Outcome]] = [
        partial(place.deploy, 1),
        partial(place.deploy, 2),
        partial(place.traffic, messages_1=50, messages_2=50),
        partial(place.promote, percent=100),
        place.rollback,
        partial(place.delete, B),
    ]
    for verb in verbs:
        verb()
        done, records = place.target.done.count("route"), place.recorded()
        if verb is not verbs[-1]:
            assert verb().changes == ()
        assert (place.target.done.count("route"), place.recorded()) == (done, records)


def test_a_dry_run_says_it_all_and_does_nothing(place: Place) -> None:
    place.deploy(1)
    before, done = place.recorded(), list(place.target.done)
    assert place.deploy(2, dry_run=True).changes == (
        f"{B}: start it",
        f"{A}: traffic 100 % -> 90 %",
        f"{B}: traffic 0 % -> 10 %",
    )
    assert (place.recorded(), place.target.done) == (before, done)


def test_a_failing_smoke_test_leaves_the_traffic_alone(place: Place) -> None:
    place.deploy(1)
    for reply, said in (
        (Reply(status=500, content=b"oh"), "status 500: oh"),
        (Reply(status=200, content=b"<p>"), "not JSON: <p>"),
        (Reply(status=200, content=b'{"other": 1}'), "lacks label"),
        (Reply(status=200, content=b"[1]"), "not a mapping"),
    ):
        place.target.reply = reply
        with pytest.raises(TargetError, match=said):
            place.deploy(2)
        assert place.shares == {A: 100}
    place.target.reply = MemoryTarget().reply
    place.deploy(2)
    assert place.shares == {A: 90, B: 10}


def test_what_does_not_become_ready_gets_no_traffic_and_can_be_deleted(place: Place) -> None:
    place.deploy(1)
    place.target.unready.add(B)
    with pytest.raises(TargetError, match="it fell over"):
        place.deploy(2)
    assert place.shares == {A: 100}
    assert place.status().unlike == (f"{B}: failed: it fell over",)
    place.delete(B)
    assert place.status().unlike == ()
    assert [*place.target.deployments] == [A]


def test_nobody_gets_more_than_is_approved(place: Place) -> None:
    approve(place.project, *TWO, max_traffic=20)
    place.deploy(1)
    approve(place.project, *TWO, max_traffic=20)
    with pytest.raises(ApprovalError, match="it allows 20 %, not 50 % of traffic"):
        place.deploy(2, percent=50)
    place.deploy(2)
    for verb in (place.promote, partial(place.traffic, messages_1=50, messages_2=50)):
        with pytest.raises(ApprovalError, match="it allows 20 %, not 50 % of traffic"):
            verb()
    assert place.shares == {A: 90, B: 10}
    assert len(place.recorded()) == 4


def test_without_a_valid_approval_nothing_is_started(place: Place) -> None:
    other = replace(place.endpoint, file=load_deployment(place.folder, "messages", "elsewhere"))
    order = Order(project=place.folder, release="messages/1", environment="elsewhere")
    with pytest.raises(ApprovalError, match="wrong scope: it is for prod, not elsewhere"):
        asyncio.run(deploy(other, order, print))
    approve(place.project, *ONE, environment="elsewhere", ago=timedelta(days=8))
    with pytest.raises(ApprovalError, match="expired: at"):
        asyncio.run(deploy(other, order, print))
    evidence = place.project.runs[-1] / "run.jsonl"
    evidence.chmod(0o644)
    evidence.write_text(evidence.read_text().replace("message 1", "message l", 1))
    with pytest.raises(ApprovalError, match="other digest: run"):
        place.deploy(1)
    shutil.rmtree(place.project.runs[-1])
    with pytest.raises(ApprovalError, match="the evidence of its run is not here"):
        place.deploy(1)
    assert place.target.done == []
    assert place.recorded() == []


def test_the_way_back_needs_no_approval(place: Place) -> None:
    place.deploy(1)
    place.deploy(2)
    shutil.rmtree(place.project.runs[-1])
    with pytest.raises(ApprovalError):
        place.promote()
    place.rollback()
    assert place.shares == {A: 100}


def test_a_broken_ledger_closes_every_way_but_the_one_back(place: Place) -> None:
    place.deploy(1)
    place.deploy(2)
    path = ledger.path_of(place.folder)
    path.write_text(path.read_text().replace('"reason":"good"', '"reason":"fine"'))
    for verb in (place.promote, partial(place.deploy, 2), partial(place.traffic, messages_1=100)):
        with pytest.raises(ApprovalError, match="edited"):
            verb()
    assert place.shares == {A: 90, B: 10}
    with pytest.raises(ApprovalError, match="traffic goes as asked, and the ledger does not have"):
        place.rollback()
    assert place.shares == {A: 100}


def test_there_is_no_way_back_to_what_is_not_ready(place: Place) -> None:
    with pytest.raises(TargetError, match="nothing was ever deployed"):
        place.rollback()
    place.deploy(1)
    with pytest.raises(TargetError, match="no deployment to go back to"):
        place.rollback()
    place.deploy(2)
    place.target.unready.add(A)
    with pytest.raises(TargetError, match=f"{A} cannot take more requests: it fell over"):
        place.rollback()
    assert place.shares == {A: 90, B: 10}


def test_mirrored_first_then_a_share(place: Place) -> None:
    place.plan("traffic: {steps: [10, 100], bake_minutes: 0, bake_requests: 0, mirror: 20}\n")
    place.deploy(1)
    assert place.target.routing.mirror == {}
    place.deploy(2)
    assert (place.shares, place.target.routing.mirror) == ({A: 100}, {B: 20})
    place.rollback()
    assert (place.shares, place.target.routing.mirror) == ({A: 100}, {})
    place.deploy(2)
    place.promote()
    assert (place.shares, place.target.routing.mirror) == ({A: 90, B: 10}, {})


def test_a_plan_with_conditions_waits_for_time_and_for_monitoring(place: Place) -> None:
    place.deploy(1)
    place.deploy(2)
    place.plan("endpoint: inbox\ntraffic: {steps: [10, 50], bake_minutes: 60}\n")
    with pytest.raises(GateError, match="too early: 60 minutes"):
        place.promote()
    place.plan("endpoint: inbox\ntraffic: {steps: [10, 50], bake_minutes: 0}\n")
    with pytest.raises(GateError, match="nobody has looked since the last change"):
        place.promote()
    look: dict[str, object] = {
        "endpoint": f"{ENVIRONMENT}/inbox",
        "action": "stay",
        "candidate": B,
        "percent": None,
        "sentence": "12 of 200 requests so far",
    }
    ledger.append(place.folder, "monitor", look, "grace")
    with pytest.raises(GateError, match="12 of 200 requests so far"):
        place.promote()
    ledger.append(place.folder, "monitor", {**look, "action": "next step", "percent": 50}, "grace")
    with pytest.raises(GateError, match="50 % is proposed for messages-2, not 100 %"):
        place.promote(percent=100)
    place.promote()
    assert place.shares == {A: 50, B: 50}
    place.promote(percent=100, anyway="the old one is on fire")
    assert ledger.verify(place.folder).records[-1].body["reason"] == "the old one is on fire"


def test_a_release_in_use_stays_until_its_deployment_is_deleted(place: Place) -> None:
    catalogue = Catalogue(project=place.folder, actor="grace")
    place.deploy(1)
    place.target.unready.add(B)
    with pytest.raises(TargetError):
        place.deploy(2)
    with pytest.raises(TargetError, match=f"in use by {ENVIRONMENT}/inbox"):
        catalogue.delete("messages/2")
    place.delete(B)
    catalogue.delete("messages/2")
    with pytest.raises(ConfigError):
        place.deploy(2)
    assert audit(place.folder).breaks == ()


def test_a_release_deleted_while_it_is_being_deployed_is_not_served(place: Place) -> None:
    place.deploy(1)
    endpoint = place.endpoint
    latest = endpoint.latest()
    assert latest
    wanted = replace(latest.change, releases={**latest.change.releases, B: "messages/2"})
    Catalogue(project=place.folder, actor="grace").delete("messages/2")
    with pytest.raises(ApprovalError, match="no such release: messages/2"):
        endpoint.stage(wanted, latest)


def test_deleting_is_refused_while_there_is_traffic(place: Place) -> None:
    place.deploy(1)
    place.deploy(2)
    with pytest.raises(TargetError, match="it answers 10 %"):
        place.delete(B)
    with pytest.raises(ConfigError, match="no such deployment; allowed: messages-1, messages-2"):
        place.delete("blue")
    place.delete()
    assert place.target.deployments == {}
    assert place.target.done[-1] == "close"
    assert place.recorded()[-1] == ("traffic", {})


def test_shares_are_checked_together(place: Place) -> None:
    place.deploy(1)
    with pytest.raises(ConfigError) as caught:
        place.traffic(messages_1=60, blue=50)
    assert [str(each) for each in caught.value.faults] == [
        f"blue: {ENVIRONMENT}/inbox has no such deployment; allowed: messages-1",
        "traffic: messages-1=60, blue=50; allowed: 100 together",
    ]


def test_a_name_that_answers_does_not_change_its_release(place: Place) -> None:
    place.deploy(1, name="blue")
    with pytest.raises(TargetError, match="blue: it answers 100 %"):
        place.deploy(2, name="blue")
    place.deploy(2, name="green", percent=100)
    place.deploy(2, name="blue", percent=0)
    assert place.target.deployments["blue"].release.label == "messages/2"
    assert place.shares == {"green": 100}


def test_gates_compare_with_what_serves_most(place: Place) -> None:
    def label(environment: str = "") -> str | None:
        found = deployed(place.folder, "messages", environment)
        assert not isinstance(found, Unmeasured)
        return found and found.label

    place.deploy(1, percent=0)
    assert label() is None
    place.deploy(1)
    assert label() == labelled(place.project, *ONE)
    place.deploy(2)
    assert label() == labelled(place.project, *ONE)
    place.promote(percent=80)
    assert label(ENVIRONMENT) == labelled(place.project, *TWO)
    assert label("elsewhere") is None
    assert deployed(place.folder, "other") is None
    shutil.rmtree(place.project.runs[-1])
    gone = deployed(place.folder, "messages")
    assert isinstance(gone, Unmeasured)
    assert "messages/2 is deployed, and its run messages/" in gone.reason


def test_status_tells_what_is_not_as_recorded(place: Place) -> None:
    place.deploy(1)
    place.deploy(2)
    place.target.routing = Routing(percent={A: 100})
    del place.target.deployments[B]
    assert place.status().unlike == (
        f"{B}: it should serve messages/2, and is not there; deploy it again, or delete it",
        f"traffic is {A} 100 %, and should be {A} 90 %, {B} 10 %",
    )


def test_the_split_that_the_template_states_is_that_of_the_endpoint(place: Place) -> None:
    def state(prior: str, share: int) -> None:
        entry = {
            "ENV_NAME": ENVIRONMENT,
            "ENDPOINT_NAME": "inbox",
            "PRIOR_DEPLOYMENT_NAME": prior,
            "PRIOR_DEPLOYMENT_TRAFFIC_ALLOCATION": share if prior else "",
            "CURRENT_DEPLOYMENT_NAME": "green" if prior else "blue",
            "CURRENT_DEPLOYMENT_TRAFFIC_ALLOCATION": 100 - share,
        }
        file.write_text(json.dumps({"azure_managed_endpoint": [entry]}))

    (place.folder / "experiments/messages/deployment.yaml").unlink()
    file = place.folder / "experiments/messages/deployment_config.json"
    place.overrides = ("target.kind=local",)
    state("blue", 90)
    with pytest.raises(TargetError, match=r"blue is to have 90 %, and prod/inbox has no such"):
        place.deploy(2)
    state("", 0)
    place.deploy(1)
    assert place.shares == {"blue": 100}
    for share, shares in ((100, {"blue": 100}), (80, {"blue": 80, "green": 20})):
        state("blue", share)
        place.deploy(2)
        assert place.shares == shares
        assert place.deploy(2).changes == ()
