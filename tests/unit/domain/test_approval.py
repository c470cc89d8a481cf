from __future__ import annotations

from dataclasses import asdict

import pytest

from llmops.domain.approval import Approval, approval_of

APPROVAL = Approval(
    run="reviews/20260102-030405-abcd",
    evidence="e" * 64,
    rules="f" * 64,
    configuration="1e955c23",
    label="answer=warm",
    verdict="approve",
    environment="production",
    max_traffic=20.0,
    created="2026-01-02T03:04:05+00:00",
    expires="2026-01-16T03:04:05+00:00",
    reviewer="Ada",
    reason="It is right more often.",
    comments={"reviews:3": "a close call"},
    acknowledged=("gate: score at least 0.9 on reviews",),
)


def test_what_was_written_is_read_back() -> None:
    body = asdict(APPROVAL)
    assert approval_of({**body, "acknowledged": list(APPROVAL.acknowledged)}) == APPROVAL


@pytest.mark.parametrize("name", list(asdict(APPROVAL)))
def test_every_field_must_be_there_and_of_its_type(name: str) -> None:
    body = asdict(APPROVAL)
    assert approval_of({key: value for key, value in body.items() if key != name}) is None
    assert approval_of({**body, name: None}) is None
    assert approval_of({**body, name: True}) is None


@pytest.mark.parametrize(
    "part",
    [
        {"expires": "2099-01-01T00:00:00"},
        {"created": "yesterday"},
        {"verdict": "maybe"},
        {"comments": {"reviews:3": 5}},
        {"acknowledged": [5]},
        {"more": "than there is"},
        {"max_traffic": 100.5},
        {"max_traffic": -1},
        {"max_traffic": 10**400},
        {"max_traffic": float("nan")},
        {"run": "../20260102-030405-abcd"},
        {"run": "reviews"},
        {"run": "reviews/a/b"},
        {"run": "reviews/" + "x" * 300},
        {"expires": "2099-01-01"},
    ],
)
def test_what_cannot_be_used_is_no_approval(part: dict[str, object]) -> None:
    assert approval_of({**asdict(APPROVAL), **part}) is None
