"""What the ledger says an endpoint should be."""

from __future__ import annotations

from llmops.domain.deployment import Routing
from llmops.domain.endpoint_history import Change, history, latest_changes
from llmops.domain.ledger import GENESIS, LedgerRecord, RecordKind


def entry(sequence: int, kind: RecordKind, body: dict[str, object]) -> LedgerRecord:
    return LedgerRecord(
        sequence=sequence,
        time="2026-01-01T00:00:00+00:00",
        kind=kind,
        actor="grace",
        body=body,
        previous=GENESIS,
        hash=GENESIS,
    )


def change(endpoint: str, **percent: int) -> Change:
    releases = {name: f"reviews/{at}" for at, name in enumerate(percent, start=1)}
    return Change(
        endpoint=endpoint,
        target="local",
        releases=releases,
        routing=Routing(percent=percent, sticky="cookie:who"),
        reason="a try",
    )


def test_a_change_is_read_as_it_was_recorded() -> None:
    made = change("dev/reviews", blue=90, green=10)
    (found,) = history([entry(3, "traffic", dict(made.body))], "dev/reviews")
    assert (found.change, found.sequence) == (made, 3)


def test_only_this_endpoint_s_changes_count_in_their_order() -> None:
    records = [
        entry(1, "traffic", dict(change("dev/reviews", blue=100).body)),
        entry(2, "run", {"run": "reviews/1"}),
        entry(3, "traffic", dict(change("prod/reviews", blue=100).body)),
        entry(4, "rollback", dict(change("dev/reviews", blue=0, green=100).body)),
    ]
    assert [each.sequence for each in history(records, "dev/reviews")] == [1, 4]
    assert history(records, "dev/reviews")[-1].change.kind == "rollback"
    latest = latest_changes(records)
    assert [*latest] == ["prod/reviews", "dev/reviews"]
    assert latest["dev/reviews"].sequence == 4


def test_a_share_of_0_is_no_share() -> None:
    less, more = change("dev/reviews", blue=100), change("dev/reviews", blue=100, green=0)
    assert less.routing.is_as(more.routing)
    assert not less.is_as(more)
    assert not less.routing.is_as(Routing(percent={"blue": 100}))
