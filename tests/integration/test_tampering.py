"""Whoever changes evidence, ledger, rules or approvals is found out, and by name."""

from __future__ import annotations

import base64
import json
import random
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from approved_run import ApprovedRun, write_approvable
from judged_run import GATES

from llmops import ledger
from llmops.canonical import canonical
from llmops.errors import ApprovalError, ConfigError
from llmops.pipeline.audit import audit
from llmops.pipeline.record import record_outcome
from llmops.pipeline.register import register
from llmops.registries.catalogue import Catalogue
from llmops.registries.folder import FolderRegistry, releases_folder
from llmops.review import Review
from llmops.signing import load_private_key
from llmops.store import bundle

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    Records = list[dict[str, Any]]

FLIPS = 1000
EVIDENCE = (
    *("manifest.json", "run.jsonl", "metrics.csv", "results.csv", "comparison.csv"),
    *("report.json", "report.html", "junit.xml", "summary.md"),
)
NOW = datetime.now(UTC)
ODD: tuple[tuple[str, object], ...] = (
    *(("max_traffic", each) for each in ("20", True, None, 101, -1, 10**400)),
    *(("expires", each) for each in (5, "never", "2099-01-01T00:00:00")),
    *(("comments", each) for each in ((), {"reviews:1": 5})),
    *(("acknowledged", each) for each in ("gate", [5])),
    *(("run", each) for each in (["reviews/x"], "..", "../x", "/etc/x", "a/b/c", "a/" + "x" * 999)),
    ("more", "than there is"),
    ("verdict", "maybe"),
)
"""Fields that no decision has; JSON makes a list of a tuple."""


@pytest.fixture(scope="module")
def approved(tmp_path_factory: pytest.TempPathFactory) -> ApprovedRun:
    """Write an approved run; a test that changes a file puts it back."""
    made = write_approvable(tmp_path_factory.mktemp("project"), *GATES)
    made.approve()
    release(made)
    assert made.require().reviewers == ("Ada",)
    assert audit(made.project).breaks == ()
    return made


def release(made: ApprovedRun) -> None:
    """Register a release with files of its own, and let them be written."""

    def write(place: Path, number: int) -> dict[str, object]:
        for name in ("MODEL_CARD.md", "flow/flow.dag.yaml"):
            (place / name).parent.mkdir(exist_ok=True)
            (place / name).write_text(f"{name} of number {number}\n")
        empty = ("configuration", "inputs", "packages", "lineage")
        return {
            "name": "reviews",
            "number": number,
            "created": NOW.isoformat(),
            "flow": "flow",
            "outputs": [],
            "connections": [],
            **{each: dict[str, object]() for each in empty},
        }

    registry = FolderRegistry(root=releases_folder(made.project))
    added = registry.add("reviews", write)
    body = {"release": added.label, "digest": added.digest, "run": "reviews"}
    ledger.append(made.project, "release", body, "grace")
    home = registry.folder("reviews", 1)
    for path in (home, *home.rglob("*")):
        path.chmod(0o755)


@pytest.fixture
def own(tmp_path: Path) -> ApprovedRun:
    return write_approvable(tmp_path, *GATES)


def flipped(content: bytes, at: int, bits: int) -> bytes:
    return content[:at] + bytes([content[at] ^ bits]) + content[at + 1 :]


@pytest.mark.parametrize("name", EVIDENCE)
def test_one_changed_byte_of_evidence_is_named(approved: ApprovedRun, name: str) -> None:
    path = approved.folder / name
    content = path.read_bytes()
    path.write_bytes(flipped(content, len(content) // 2, 1))
    try:
        with pytest.raises(ApprovalError) as refused:
            approved.require()
        broken = [str(each) for each in audit(approved.project).breaks]
    finally:
        path.write_bytes(content)
    run = f"reports/reviews/{approved.folder.name}"
    assert broken == [f"{run}: {name} has changed"]
    assert f"other digest: {name} has changed" in str(refused.value)


def test_evidence_that_is_gone_or_new_is_named(approved: ApprovedRun) -> None:
    moved = approved.folder / "metrics.csv"
    content = moved.read_bytes()
    moved.unlink()
    with pytest.raises(ApprovalError, match=r"other digest: metrics.csv is gone"):
        approved.require()
    moved.write_bytes(content)
    assert approved.require()


def test_no_flipped_byte_is_accepted(approved: ApprovedRun) -> None:
    """An approval is bound to every byte of evidence and rules, the chain to records and releases.

    Whatever changed, the audit tells; what rests on it is refused.
    """
    chance = random.Random(20260102)  # noqa: S311  a seed makes it repeatable
    catalogue = Catalogue(project=approved.project, actor="")
    home = releases_folder(approved.project) / "reviews" / "1"
    released = [path for path in home.rglob("*") if path.is_file()]
    evidence = [approved.folder / name for name in bundle(approved.folder).files]
    paths = [*evidence, *released, approved.ledger, approved.approvers]
    refused: Counter[str] = Counter()
    for number in range(FLIPS):
        path = paths[number % len(paths)]
        content = path.read_bytes()
        at, bits = chance.randrange(len(content)), chance.randrange(1, 256)
        path.write_bytes(flipped(content, at, bits))
        try:
            # The approvers' file may be no YAML any more.
            with pytest.raises(
                (ApprovalError, ConfigError) if path == paths[-1] else ApprovalError
            ):
                catalogue.load("reviews/1") if path in released else approved.require()
            assert audit(approved.project).breaks, path
            refused[path.name] += 1
        finally:
            path.write_bytes(content)
    assert refused.total() == FLIPS
    assert approved.require()
    assert catalogue.load("reviews/1")


def test_no_flipped_bit_of_the_ledger_is_accepted(own: ApprovedRun) -> None:
    own.approve()
    content = own.ledger.read_bytes()
    for at in range(0, len(content), 11):
        own.ledger.write_bytes(flipped(content, at, 1 << at % 8))
        with pytest.raises(ApprovalError):
            own.require()
        assert audit(own.project).breaks


def test_a_rejection_cannot_be_taken_for_a_torn_record(own: ApprovedRun) -> None:
    own.approve()
    own.reject("Ben")
    own.ledger.write_bytes(own.ledger.read_bytes()[:-1] + b"\x0b")
    with pytest.raises(ApprovalError, match="does not end where its line does"):
        ledger.append(own.project, "gate", {}, "ci")
    with pytest.raises(ApprovalError):
        own.require()


def test_a_later_record_does_not_excuse_changed_evidence(own: ApprovedRun) -> None:
    own.approve()
    (own.folder / "summary.md").write_text("better than it was")
    now = bundle(own.folder)
    run = f"reviews/{own.folder.name}"
    body = {"run": run, "evidence": now.digest, "files": now.files}
    ledger.append(own.project, "run", body, "somebody")
    assert [str(each) for each in audit(own.project).breaks] == [
        f"reports/{run}: summary.md has changed"
    ]
    with pytest.raises(ApprovalError, match="other digest"):
        own.require()


def test_evidence_that_changed_before_the_review_is_refused(own: ApprovedRun) -> None:
    record_outcome(own.project, own.folder, Review(own.folder).comparison)
    (own.folder / "summary.md").write_text("better than it was")
    with pytest.raises(ApprovalError, match=r"other digest: summary.md has changed"):
        own.draft()


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"expires": (NOW - timedelta(hours=1)).isoformat()}, "expired: at"),
        (
            {
                "created": (NOW + timedelta(days=300)).isoformat(),
                "expires": (NOW + timedelta(days=310)).isoformat(),
            },
            "not valid yet",
        ),
        ({"environment": "production"}, "wrong scope: it is for production, not staging"),
        ({"max_traffic": 5.0}, "wrong scope: it allows 5 %, not 10 % of traffic"),
        ({"configuration": "0" * 8}, "wrong scope: it is for the configuration"),
        ({"evidence": "0" * 64}, "other digest"),
        ({"rules": "0" * 64}, "approvers.yaml has changed since"),
        ({"reviewer": "Dora"}, "unknown reviewer 'Dora'"),
    ],
    ids=[
        "expired",
        "post-dated",
        "environment",
        "share",
        "configuration",
        "digest",
        "rules",
        "who",
    ],
)
def test_a_signed_approval_of_something_else_is_refused(
    own: ApprovedRun, parts: dict[str, Any], said: str
) -> None:
    created = {"created": (NOW - timedelta(days=2)).isoformat()}
    approval = replace(own.draft(), **{**created, **parts})
    own.append(approval, own.signed(approval, "Ada"))
    with pytest.raises(ApprovalError, match=said):
        own.require()


def test_a_self_made_approval_is_refused(own: ApprovedRun) -> None:
    approval = own.draft()
    own.set_author("ada@example.com")
    own_evidence = replace(approval, evidence=bundle(own.folder).digest)
    own.append(own_evidence, own.signed(own_evidence))
    with pytest.raises(ApprovalError, match="self-made: 'Ada' is the author of the run"):
        own.require()


@pytest.mark.parametrize("signature", ["", "AAAA", "not base64", "A" * 86 + "=="])
def test_a_wrong_signature_is_refused(own: ApprovedRun, signature: str) -> None:
    own.append(own.draft(), signature)
    said = "wrong signature: it is not that of 'Ada'"
    with pytest.raises(ApprovalError, match=said):
        own.require()
    assert said in str(audit(own.project).breaks[0])


def test_another_reviewers_signature_is_refused(own: ApprovedRun) -> None:
    approval = own.draft("Ada")
    own.append(approval, own.signed(approval, "Cleo"))
    with pytest.raises(ApprovalError, match="wrong signature"):
        own.require()


def test_the_approval_of_another_run_does_not_serve(own: ApprovedRun) -> None:
    entry = own.approve()
    other = write_approvable(own.project, *GATES, run_id="20260109-030405-beef")
    body = {**entry.body, "run": f"reviews/{other.folder.name}"}
    ledger.append(own.project, "approval", body, "Ada", entry.signature)
    with pytest.raises(ApprovalError, match="other digest"):
        other.require()
    assert "wrong signature" in str(audit(own.project).breaks[0])


@pytest.mark.parametrize(("field", "value"), ODD)
def test_a_decision_of_another_form_is_refused_even_when_signed(
    own: ApprovedRun, field: str, value: object
) -> None:
    own.approve()
    key = load_private_key(own.key("Ada"), str)

    def change(records: Records) -> Records:
        *rest, last = records
        body = {**last["body"], field: value}
        signature = base64.b64encode(key.sign(canonical(body))).decode()
        return [*rest, {**last, "body": body, "signature": signature}]

    own.forge(change)
    with pytest.raises(ApprovalError, match="no approval can be read"):
        own.require()
    assert "no approval that can be read" in str(audit(own.project).breaks[0])


def _other_actor(records: Records) -> Records:
    return [{**each, "actor": "Ben"} if each["kind"] == "approval" else each for each in records]


def _greater_share(records: Records) -> Records:
    return [
        {**each, "body": {**each["body"], "max_traffic": 100.0}}
        if each["kind"] == "approval"
        else each
        for each in records
    ]


def _rejection_turned(records: Records) -> Records:
    return [
        {**each, "kind": "approval"} if each["kind"] == "rejection" else each for each in records
    ]


def _rejection_first(records: Records) -> Records:
    return [records[0], *reversed(records[1:])]


def _approved_again(records: Records) -> Records:
    return [*records, dict(records[1])]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_rejection_turned, "no approval can be read"),
        (_rejection_first, "it was made before the run was rejected"),
        (_approved_again, "it was made before the run was rejected"),
    ],
)
def test_a_chain_hashed_anew_still_has_what_was_signed(
    own: ApprovedRun, change: Callable[[Records], Records], said: str
) -> None:
    own.approve()
    own.reject("Cleo")
    own.forge(change)
    assert ledger.verify(own.project).breaks == ()
    with pytest.raises(ApprovalError, match=said):
        own.require()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_other_actor, "'Ada' signed it, and the record says 'Ben'"),
        (_greater_share, "wrong signature: it is not that of 'Ada'"),
    ],
)
def test_another_text_than_was_signed_is_named(
    own: ApprovedRun, change: Callable[[Records], Records], said: str
) -> None:
    own.approve()
    own.forge(change)
    with pytest.raises(ApprovalError, match=said):
        own.require()
    assert said in str(audit(own.project).breaks[0])


def test_the_commands_exit_with_5(own: ApprovedRun) -> None:
    own.approve()
    path = own.folder / "results.csv"
    path.write_bytes(flipped(path.read_bytes(), 40, 1))
    with pytest.raises(ApprovalError, match=r"results.csv has changed"):
        register(own.project, own.folder, "staging")
    for arguments in (("audit",), ("register", "latest", "--env", "staging")):
        command = [sys.executable, "-m", "llmops", *arguments]
        done = subprocess.run(command, cwd=own.project, capture_output=True, text=True, check=False)
        assert done.returncode == 5, done.stderr
        assert "results.csv has changed" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_signed_text_is_in_the_ledger_as_it_was_signed(own: ApprovedRun) -> None:
    entry = own.approve(reason="Größer, besser: 20 % « mehr »")
    raw = json.loads(own.ledger.read_text().splitlines()[-1])
    key = load_private_key(own.key("Ada"), str).public_key()
    key.verify(base64.b64decode(entry.signature), canonical(raw["body"]))
