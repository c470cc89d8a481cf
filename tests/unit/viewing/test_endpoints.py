"""What the ledger says of endpoints, as pages show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llmops.domain.deployment import Routing
from llmops.domain.endpoint_history import Change
from llmops.domain.ledger import GENESIS, LedgerRecord
from llmops.viewing.endpoints import endpoints, runs_by_release, shares
from llmops.viewing.timeline import timeline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.ledger import RecordKind
    from llmops.viewing.timeline import Event

RELEASES = {"blue": "reviews/1", "green": "reviews/2"}


class Told:
    """A ledger that is written record by record; who acts is called by the record's number."""

    def __init__(self) -> None:
        self.records: list[LedgerRecord] = []

    def add(self, kind: RecordKind, body: Mapping[str, object]) -> None:
        number = len(self.records) + 1
        record = LedgerRecord(
            sequence=number,
            time=f"2026-01-02T03:04:{number:02}+00:00",
            kind=kind,
            actor=f"actor {number}",
            body=body,
            previous=GENESIS,
            hash=GENESIS,
        )
        self.records.append(record)

    def change(
        self,
        percent: Mapping[str, int],
        *,
        kind: RecordKind = "traffic",
        endpoint: str = "production/reviews",
        reason: str = "",
        routing: Routing | None = None,
    ) -> None:
        change = Change(
            endpoint=endpoint,
            target="local",
            releases={name: RELEASES[name] for name in percent},
            routing=routing or Routing(percent=percent),
            reason=reason,
        )
        self.add(kind, change.body)

    def events(self) -> list[Event]:
        return list(timeline(self.records, "production/reviews"))

    def said(self) -> list[str]:
        """Return what the newest event says, with all spaces alike."""
        return [each.replace("\N{NO-BREAK SPACE}", " ") for each in self.events()[0].said]


def test_the_greatest_share_and_the_last_change_come_first() -> None:
    told = Told()
    told.change({"blue": 100}, endpoint="dev/reviews")
    told.change({"blue": 10, "green": 90}, reason="a try")
    (production, dev) = endpoints(told.records)
    assert (production.name, production.actor) == ("production/reviews", "actor 2")
    assert [(each.deployment, each.release, each.percent) for each in production.serving] == [
        ("green", "reviews/2", 90),
        ("blue", "reviews/1", 10),
    ]
    assert production.recorded.change.reason == "a try"
    assert dev.name == "dev/reviews"


def test_closed_endpoints_come_last() -> None:
    told = Told()
    told.change({"blue": 100})
    told.change({"blue": 100}, endpoint="dev/reviews")
    told.change({}, endpoint="dev/reviews")
    assert [(each.name, len(each.serving)) for each in endpoints(told.records)] == [
        ("production/reviews", 1),
        ("dev/reviews", 0),
    ]


def test_a_release_has_its_share_of_each_endpoint_as_it_is_now() -> None:
    told = Told()
    told.change({"blue": 100, "green": 0}, endpoint="dev/reviews")
    told.change({"blue": 50, "green": 50})
    told.change({"blue": 90, "green": 10})
    assert [(each.endpoint, each.percent) for each in shares(told.records, "reviews/2")] == [
        ("production/reviews", 10),
        ("dev/reviews", 0),
    ]
    assert shares(told.records, "reviews/3") == ()


def test_a_release_leads_to_its_run() -> None:
    told = Told()
    told.add("release", {"release": "reviews/1", "digest": "0", "run": "reviews/r1"})
    assert runs_by_release(told.records) == {"reviews/1": "reviews/r1"}


def test_names_are_safe_in_addresses() -> None:
    told = Told()
    told.change({"blue": 100}, endpoint="pro duction/re#views?")
    assert endpoints(told.records)[0].address == "/endpoints/pro%20duction/re%23views%3F"


def test_changes_are_told_as_differences_newest_first() -> None:
    told = Told()
    told.change({"blue": 100})
    assert told.said() == ["blue is new, with reviews/1 and 100 %"]
    told.change({"blue": 100, "green": 0}, reason="green starts")
    assert told.said() == ["green is new, with reviews/2 and 0 %"]
    told.change({"blue": 90, "green": 10})
    assert told.said() == ["blue 100 % → 90 %", "green 0 % → 10 %"]
    told.change({"blue": 100, "green": 0}, kind="rollback", reason="too slow")
    assert told.said() == ["blue 90 % → 100 %", "green 10 % → 0 %"]
    told.change({"blue": 100})
    assert told.said() == ["green is taken away"]
    told.change({"blue": 100})
    assert told.said() == ["the same as before"]
    events = told.events()
    assert [each.sequence for each in events] == [6, 5, 4, 3, 2, 1]
    assert (events[2].tag, events[2].actor, events[2].reasons) == (
        "rollback",
        "actor 4",
        ("too slow",),
    )


def test_copies_and_stickiness_are_told() -> None:
    told = Told()
    told.change({"blue": 100, "green": 0})
    mirrored = Routing(percent={"blue": 100}, mirror={"green": 10}, sticky="header:X-User")
    told.change({"blue": 100, "green": 0}, routing=mirrored)
    assert told.said() == [
        "green gets a copy of 10 % of the requests",
        "requests with the same header X-User stay with one deployment",
    ]
    told.change({"blue": 100, "green": 0})
    assert told.said() == [
        "green gets no more copies",
        "requests are no longer kept with one deployment",
    ]


def test_another_release_under_the_same_name_is_told() -> None:
    told = Told()
    told.change({"blue": 100})
    told.add("traffic", {**told.records[0].body, "releases": {"blue": "reviews/7"}})
    assert told.said() == ["blue is reviews/7 now, no longer reviews/1"]


def test_looks_stand_among_the_changes_of_their_endpoint() -> None:
    told = Told()
    told.change({"blue": 90, "green": 10})
    look: dict[str, object] = {
        "endpoint": "production/reviews",
        "action": "rollback",
        "sentence": "Roll back.",
        "reasons": ["errors", "words"],
        "report": "reports/monitoring/production/reviews/20260102-030405-abcd/monitoring.html",
    }
    told.add("monitor", look)
    told.add("monitor", {**look, "endpoint": "dev/reviews"})
    newest, oldest = told.events()
    assert (newest.tag, newest.said, newest.reasons) == (
        "monitor: rollback",
        ("Roll back.",),
        ("errors", "words"),
    )
    assert newest.look == "20260102-030405-abcd"
    assert (oldest.tag, oldest.look) == ("traffic", "")
