"""What holds and what does not, by statements, rules and records alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from llmops.approval import Claim, approval_bytes, require_approval
from llmops.approvers import Approvers, Reviewer, Rule
from llmops.domain.approval import Approval, Approved
from llmops.domain.ledger import GENESIS, Break, LedgerRecord, Verified
from llmops.errors import ApprovalError
from llmops.signing import public_line, sign
from llmops.store import Bundle

if TYPE_CHECKING:
    from llmops.domain.ledger import RecordKind

RUN = "reviews/20260102-030405-abcd"
AUTHOR = "grace@example.com"
NOW = datetime.now(UTC)
KEYS = {name: Ed25519PrivateKey.generate() for name in ("Ada", "Ben", "Zoé")}
RULES = Approvers(
    reviewers=tuple(
        Reviewer(name=name, emails=(f"{name}@example.com",), key=public_line(key.public_key()))
        for name, key in KEYS.items()
    ),
    environments={
        "staging": Rule(),
        "production": Rule(required=2, reviewers=("Ada", "Ben"), max_traffic=50, max_days=30),
        "sandbox": Rule(allow_author=True),
    },
    digest="a" * 64,
    label="approvers.yaml",
)
FILES = {name: {"size": 7, "sha256": name} for name in ("metrics.csv", "results.csv")}
EVIDENCE = Bundle(files=FILES)
APPROVAL = Approval(
    run=RUN,
    evidence=EVIDENCE.digest,
    rules=RULES.digest,
    configuration="1e955c23",
    label="answer=warm",
    verdict="approve",
    environment="staging",
    max_traffic=20.0,
    created=(NOW - timedelta(hours=2)).isoformat(),
    expires=(NOW + timedelta(days=14)).isoformat(),
    reviewer="Ada",
    reason="It is right more often.",
)
REJECTION = replace(
    APPROVAL,
    verdict="reject",
    environment="",
    created=(NOW - timedelta(hours=1)).isoformat(),
    reviewer="Ben",
    reason="It is rude.",
)
AFTER = (NOW - timedelta(minutes=1)).isoformat()
CLAIM = Claim(run=RUN, configuration="1e955c23", environment="staging", max_traffic=10)


def said(approval: Approval, *, signer: str = "", actor: str = "") -> LedgerRecord:
    """Return the record of a statement, signed by the reviewer or another."""
    return LedgerRecord(
        sequence=1,
        time=approval.created,
        kind="approval" if approval.verdict == "approve" else "rejection",
        actor=actor or approval.reviewer,
        body=json.loads(approval_bytes(approval)),
        previous=GENESIS,
        hash=approval.reviewer,
        signature=sign(KEYS[signer or approval.reviewer], approval_bytes(approval)),
    )


def require(*records: LedgerRecord, claim: Claim = CLAIM, author: str = AUTHOR) -> Approved:
    numbered = tuple(replace(each, sequence=at) for at, each in enumerate(records, start=1))
    verified = Verified(records=numbered, head=GENESIS)
    return require_approval(claim, verified, RULES, EVIDENCE, author)


def test_an_approval_holds_for_what_it_says() -> None:
    approved = require(said(replace(APPROVAL, acknowledged=("gate: x",))))
    assert (approved.reviewers, approved.records) == (("Ada",), ("Ada",))
    assert (approved.max_traffic, approved.until) == (20, APPROVAL.expires)
    assert approved.acknowledged == ("gate: x",)


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"expires": (NOW - timedelta(minutes=1)).isoformat()}, "expired: at"),
        ({"expires": APPROVAL.created}, "expired: it ends before it begins"),
        ({"created": (NOW + timedelta(days=1)).isoformat()}, "not valid yet"),
        ({"expires": (NOW + timedelta(days=99)).isoformat()}, "longer than the 90 days"),
        ({"environment": "production"}, "wrong scope: it is for production, not staging"),
        ({"environment": "moon"}, "wrong scope: no environment 'moon'"),
        ({"configuration": "00000000"}, "wrong scope: it is for the configuration answer=warm"),
        ({"max_traffic": 9.5}, "wrong scope: it allows 9.5 %, not 10 % of traffic"),
        ({"rules": "b" * 64}, "approvers.yaml has changed since"),
        ({"evidence": "b" * 64}, "other digest: the evidence is not what was approved"),
    ],
)
def test_a_signed_approval_of_something_else_is_refused(parts: dict[str, Any], why: str) -> None:
    with pytest.raises(ApprovalError, match=why):
        require(said(replace(APPROVAL, **parts)))


@pytest.mark.parametrize("share", [float("nan"), -1.0, 20.1, float("inf")])
def test_a_share_that_is_not_within_what_was_approved_is_refused(share: float) -> None:
    with pytest.raises(ApprovalError, match="wrong scope: it allows 20 %"):
        require(said(APPROVAL), claim=replace(CLAIM, max_traffic=share))


def test_another_digest_names_the_files() -> None:
    old = Bundle(files={**FILES, "metrics.csv": {"size": 7, "sha256": "other"}})
    body = {"run": RUN, "evidence": old.digest, "files": old.files}
    recorded = replace(said(APPROVAL), kind="run", body=body)
    with pytest.raises(ApprovalError, match=r"other digest: metrics.csv has changed"):
        require(recorded, said(replace(APPROVAL, evidence=old.digest)))


def test_who_may_not_is_refused() -> None:
    stranger = replace(APPROVAL, reviewer="Dora")
    with pytest.raises(ApprovalError, match=r"unknown reviewer 'Dora' in approvers.yaml"):
        require(said(stranger, signer="Ada"))
    scoped = replace(APPROVAL, reviewer="Zoé", environment="production")
    with pytest.raises(ApprovalError, match="wrong scope: 'Zoé' does not review for production"):
        require(said(scoped), claim=replace(CLAIM, environment="production"))
    with pytest.raises(ApprovalError, match="no environment 'moon'; allowed: staging, production"):
        require(said(APPROVAL), claim=replace(CLAIM, environment="moon"))


@pytest.mark.parametrize("author", ["Zoé", "ZOÉ@example.com", "Zoe\u0301@Example.com "])
def test_nobody_approves_a_run_of_their_own(author: str) -> None:
    own = said(replace(APPROVAL, reviewer="Zoé"))
    with pytest.raises(ApprovalError, match="self-made: 'Zoé' is the author of the run"):
        require(own, author=author)
    assert require(own, said(APPROVAL), author=author).reviewers == ("Ada",)


def test_a_run_without_an_author_needs_a_rule_that_allows_it() -> None:
    with pytest.raises(ApprovalError, match="the run names no author"):
        require(said(APPROVAL), author="")
    sandbox = said(replace(APPROVAL, environment="sandbox"))
    assert require(sandbox, claim=replace(CLAIM, environment="sandbox"), author="")


def test_only_the_reviewers_own_signature_counts() -> None:
    with pytest.raises(ApprovalError, match="wrong signature: it is not that of 'Ada'"):
        require(said(APPROVAL, signer="Ben"))
    with pytest.raises(ApprovalError, match="wrong signature"):
        require(replace(said(APPROVAL), signature=""))
    with pytest.raises(ApprovalError, match="'Ada' signed it, and the record says 'Ben'"):
        require(said(APPROVAL, actor="Ben"))


def test_two_approvals_of_one_person_count_once() -> None:
    scope = {"environment": "production"}
    claim = replace(CLAIM, environment="production")
    ada = said(replace(APPROVAL, **scope))
    with pytest.raises(ApprovalError, match="1 of 2 approvals for production"):
        require(ada, said(replace(APPROVAL, **scope, created=AFTER)), claim=claim)
    ben = said(replace(APPROVAL, **scope, reviewer="Ben", max_traffic=12.0))
    assert require(ada, ben, claim=claim).max_traffic == 12


def test_a_rejection_ends_what_was_approved_until_someone_approves_again() -> None:
    with pytest.raises(ApprovalError, match=r"of Ben \(record 2\): the run was rejected: It is r"):
        require(said(APPROVAL), said(REJECTION))
    again = said(replace(APPROVAL, created=AFTER))
    assert require(said(APPROVAL), said(REJECTION), again).reviewers == ("Ada",)


def test_an_approval_that_is_there_twice_does_not_outlive_a_rejection() -> None:
    approval, rejection = said(APPROVAL), said(REJECTION)
    for records in ((approval, rejection, approval), (rejection, approval)):
        with pytest.raises(ApprovalError, match="it was made before the run was rejected"):
            require(*records)


@pytest.mark.parametrize("reviewer", ["Ben", "Dora"])
def test_a_rejection_that_nobody_signed_does_not_count(reviewer: str) -> None:
    forged = said(replace(REJECTION, reviewer=reviewer), signer="Ada")
    assert require(said(APPROVAL), forged).reviewers == ("Ada",)


def test_a_decision_about_another_run_does_not_count() -> None:
    other = replace(REJECTION, run="reviews/20260109-030405-beef")
    assert require(said(APPROVAL), said(other))
    with pytest.raises(ApprovalError, match="0 of 1 approvals for staging"):
        require(said(replace(APPROVAL, run=other.run)))


@pytest.mark.parametrize("kind", ["approval", "rejection"])
def test_a_decision_that_cannot_be_read_refuses(kind: RecordKind) -> None:
    body: dict[str, object] = {"run": RUN, "verdict": "approve", "max_traffic": 10**400}
    odd = replace(said(APPROVAL), kind=kind, body=body)
    with pytest.raises(ApprovalError, match=f"record 2: edited: no {kind} can be read"):
        require(said(APPROVAL), odd)


def test_nothing_holds_in_a_broken_ledger() -> None:
    broken = (Break(where="ledger.jsonl:1", seen="edited"),)
    verified = Verified(records=(said(APPROVAL),), head=GENESIS, breaks=broken)
    with pytest.raises(ApprovalError, match=r"ledger.jsonl:1: edited"):
        require_approval(CLAIM, verified, RULES, EVIDENCE, AUTHOR)
