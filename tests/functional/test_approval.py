"""What may be approved, by whom, for what, and for how long."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from approved_run import ApprovedRun, write_approvable
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from judged_run import BASELINE, GATES, WINNER

from llmops import ledger
from llmops.approvers import read_approvers
from llmops.domain.analysis import Gate
from llmops.errors import ApprovalError, ConfigError
from llmops.pipeline.approve import record
from llmops.pipeline.audit import audit
from llmops.pipeline.record import record_plan
from llmops.pipeline.register import register
from llmops.signing import load_private_key
from llmops.store import RunWriter

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

STRICT = Gate(metric="correct", at_least=0.99)
POINT = "gate: exact.correct at least 0.99 on reviews"


@pytest.fixture
def made(tmp_path: Path) -> ApprovedRun:
    return write_approvable(tmp_path, *GATES)


def llmops(project: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "llmops", *arguments]
    return subprocess.run(
        command,
        cwd=project,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # without a terminal, as in CI
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_approval_allows_its_scope(made: ApprovedRun) -> None:
    entry = made.approve(comments={"reviews:3": "a close call"})
    assert entry.body["label"] == WINNER
    approved = made.require(share=20)
    assert (approved.max_traffic, approved.reviewers) == (20, ("Ada",))
    assert approved.records == (entry.hash,)
    assert audit(made.project).breaks == ()


def test_two_must_approve_and_the_smaller_share_counts(made: ApprovedRun) -> None:
    made.approve("Ada", environment="production", max_traffic=40)
    made.approve("Ada", environment="production", max_traffic=50)
    with pytest.raises(ApprovalError, match="1 of 2 approvals for production"):
        made.require("production")
    made.approve("Ben", environment="production", max_traffic=15)
    assert made.require("production", 15).max_traffic == 15
    with pytest.raises(ApprovalError, match="wrong scope: it allows 15 %, not 16 % of traffic"):
        made.require("production", 16)


def test_a_later_word_of_a_reviewer_stands_for_the_earlier(made: ApprovedRun) -> None:
    now = datetime.now(UTC)
    words = [
        replace(made.draft(max_traffic=share), created=(now - age).isoformat(timespec="seconds"))
        for share, age in ((50.0, timedelta(hours=2)), (20.0, timedelta(hours=1)))
    ]
    for word in words:
        made.append(word, made.signed(word))
    with pytest.raises(ApprovalError, match="it allows 20 %, not 30 %"):
        made.require(share=30)
    assert made.require(share=20).max_traffic == 20
    made.append(words[0], made.signed(words[0]))  # the same lines once more change nothing
    with pytest.raises(ApprovalError, match="a later word of Ada stands"):
        made.require(share=30)
    assert made.require(share=20).max_traffic == 20


def test_a_rejection_ends_what_was_approved_before(made: ApprovedRun) -> None:
    made.approve("Ada")
    made.reject("Cleo")
    with pytest.raises(ApprovalError, match="the run was rejected: It is rude"):
        made.require()
    made.approve("Ada")
    assert made.require().reviewers == ("Ada",)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"reviewer": "Dora"}, "unknown reviewer 'Dora'"),
        ({"reviewer": "Cleo", "environment": "production"}, "'Cleo' does not review"),
        ({"environment": "moon"}, "no environment 'moon'; allowed: staging, production"),
        ({"environment": "production", "max_traffic": 51.0}, "production allows 0 to 50 %"),
        ({"expires": datetime.now(UTC) - timedelta(days=1)}, "it ends before it begins"),
        (
            {"environment": "production", "expires": datetime.now(UTC) + timedelta(days=33)},
            "longer than the 30 days of production",
        ),
        ({"reason": " "}, "no reason"),
        ({"acknowledged": ["gate: nothing"]}, "'gate: nothing' is no open point"),
    ],
)
def test_a_draft_is_refused_with_the_reason(
    made: ApprovedRun, parts: dict[str, Any], said: str
) -> None:
    with pytest.raises(ApprovalError, match=said):
        made.draft(**parts)


def test_every_unmet_gate_and_broken_guardrail_must_be_acknowledged(tmp_path: Path) -> None:
    made = write_approvable(tmp_path, STRICT)
    with pytest.raises(ApprovalError, match=f"not acknowledged: '{POINT}'"):
        made.draft()
    made.approve(acknowledged=[POINT])
    assert made.require().acknowledged == (POINT,)


def test_what_was_written_by_hand_around_a_gate_is_not_released(tmp_path: Path) -> None:
    made = write_approvable(tmp_path, STRICT)
    silent = replace(made.draft(acknowledged=[POINT]), acknowledged=())
    made.append(silent, made.signed(silent))
    with pytest.raises(ApprovalError, match=f"not acknowledged: '{POINT}'"):
        register(made.project, made.folder, "staging")


def test_a_run_that_did_not_complete_is_not_approved(tmp_path: Path) -> None:
    made = write_approvable(tmp_path)
    writer = RunWriter.reopen(made.folder, ())
    writer.write_event("interrupted")
    writer.close()
    with pytest.raises(ApprovalError, match="the run is interrupted, not completed"):
        made.draft(configuration=BASELINE)


@pytest.mark.parametrize("author", ["ada@example.com", "ADA@example.com", "Ada"])
def test_nobody_approves_a_run_of_their_own(tmp_path: Path, author: str) -> None:
    made = write_approvable(tmp_path)
    made.set_author(author)
    with pytest.raises(ApprovalError, match="self-made: 'Ada' is the author"):
        made.approve("Ada")
    made.approve("Ben")
    assert made.require().reviewers == ("Ben",)


def test_a_run_that_names_no_author_is_not_approved(tmp_path: Path) -> None:
    made = write_approvable(tmp_path)
    made.set_author("")
    with pytest.raises(ApprovalError, match="the run names no author"):
        made.approve("Ada")


def test_what_changed_since_the_review_is_not_recorded(made: ApprovedRun) -> None:
    drafted = made.draft()
    (made.folder / "summary.md").write_text("better than it was")
    with pytest.raises(ApprovalError, match="it has changed since it was reviewed"):
        record(made.project, made.folder, drafted, made.signed(drafted))


def test_all_faults_of_the_approvers_are_named_together(made: ApprovedRun) -> None:
    text = made.approvers.read_text()
    text = text.replace("max_traffic: 100", "max_trafic: 100").replace("ssh-ed25519", "ssh-rsa", 1)
    made.approvers.write_text(text)
    with pytest.raises(ConfigError) as raised:
        read_approvers(made.project, "reviews")
    places = {fault.where.rpartition(": ")[2] for fault in raised.value.faults}
    assert places == {"environments.staging.max_trafic", "reviewers.0.key"}
    made.approvers.unlink()
    with pytest.raises(ConfigError, match=r"approvers.yaml: no such file"):
        read_approvers(made.project, "reviews")


def test_what_is_wrong_is_said_once_and_where(made: ApprovedRun) -> None:
    rules = "environments: {staging: {}}\n"
    path = made.approvers
    for text, said in (
        (
            "reviewers: [{name: Ada, emails: [a], key: x}]",
            ": reviewers.0.key: no public key that can",
        ),
        ("reviewers: []", ": reviewers: Tuple should have at least 1 item"),
        ("- a", ", line 2: not valid YAML"),
    ):
        path.write_text(rules + text)
        with pytest.raises(ConfigError) as raised:
            read_approvers(made.project, "reviews")
        (fault,) = raised.value.faults
        assert str(fault).startswith(f"experiments/approvers.yaml{said}")
    path.write_text("just a text")
    with pytest.raises(ConfigError, match=r"^experiments/approvers.yaml: Input should be"):
        read_approvers(made.project, "reviews")


@pytest.mark.parametrize(
    ("wrong", "right", "said"),
    [
        ("reviewers: [Ada, Ben]", "reviewers: []", "nobody; leave it out"),
        ("reviewers: [Ada, Ben]", "reviewers: [Ada, Dan]", "no reviewer 'Dan'; allowed: Ada, Ben"),
        ("required: 2, reviewers: [Ada, Ben]", "required: 2, reviewers: [Ada, Ada]", "from 1 rev"),
        ("required: 2", "required: 4", "4 approvals from 2 reviewers"),
        ("required: 2", "required: 0", "greater than or equal to 1"),
        ("max_traffic: 50", "max_traffic: .nan", "production.max_traffic"),
        ("name: Ben", "name: Ada", "'Ada' is there 2 times"),
        ("emails: [ada@example.com]", "emails: []", "reviewers.0.emails"),
        ("emails: [ada@example.com], ", "", "reviewers.0.emails: Field required"),
        ("environments:", "environments: {}\nrest:", "environments: Dictionary should have"),
    ],
)
def test_a_fault_of_the_approvers_is_named(
    made: ApprovedRun, wrong: str, right: str, said: str
) -> None:
    made.approvers.write_text(made.approvers.read_text().replace(wrong, right))
    with pytest.raises(ConfigError) as raised:
        read_approvers(made.project, "reviews")
    assert said in str(raised.value)


def test_one_key_is_one_reviewer_however_it_is_written(made: ApprovedRun) -> None:
    form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    pems = {
        name: load_private_key(made.key(name), str).public_key().public_bytes(*form).decode()
        for name in ("Ada", "Ben")
    }
    path = made.project / "experiments" / "reviews" / "approvers.yaml"
    path.parent.mkdir()
    entry = "  - {{name: {}, emails: [x], key: {}}}\n"

    def write(*keys: str) -> None:
        entries = (entry.format(f"R{place}", json.dumps(key)) for place, key in enumerate(keys))
        path.write_text("environments: {staging: {}}\nreviewers:\n" + "".join(entries))

    write(pems["Ada"], pems["Ben"])
    assert len(read_approvers(made.project, "reviews").reviewers) == 2
    line = next(each for each in made.approvers.read_text().split("key: ") if "ssh-" in each)
    write(pems["Ada"], line.partition("}")[0])
    with pytest.raises(ConfigError, match="two reviewers have one key"):
        read_approvers(made.project, "reviews")


def test_from_a_key_to_an_audit_by_command(tmp_path: Path) -> None:
    made = write_approvable(tmp_path)
    key = made.project / "keys" / "dora"
    new = llmops(tmp_path, "keygen", str(key))
    assert new.returncode == 0, new.stderr
    assert key.stat().st_mode & 0o077 == 0
    assert llmops(tmp_path, "keygen", str(key)).returncode == 2
    with made.approvers.open("a") as file:
        file.write(f"- {{name: Dora, emails: [dora@example.com], key: {new.stdout.strip()}}}\n")
    scope = ("--env", "staging", "--max-traffic", "20", "--expires", "7d")
    who = ("--key", str(key), "--reviewer", "Dora", "--reason", "fewer errors")
    approved = llmops(tmp_path, "approve", "latest", *who, *scope)
    assert approved.returncode == 0, approved.stderr
    assert WINNER in approved.stdout
    clean = llmops(tmp_path, "audit")
    assert (clean.returncode, clean.stderr) == (0, "")
    head = clean.stdout.splitlines()[-1].removeprefix("head: ")
    assert head == ledger.verify(tmp_path).head
    rejected = llmops(tmp_path, "reject", "latest", *who)
    assert rejected.returncode == 0, rejected.stderr
    assert llmops(tmp_path, "audit", "--head", head).returncode == 0
    lost = llmops(tmp_path, "audit", "--head", "0" * 63 + "1")
    assert lost.returncode == 5
    assert "records were cut off or replaced" in lost.stderr


def test_the_command_refuses_another_persons_key(tmp_path: Path) -> None:
    made = write_approvable(tmp_path)
    scope = ("--env", "staging", "--max-traffic", "20")
    who = ("--key", str(made.key("Ben")), "--reviewer", "Ada", "--reason", "good")
    refused = llmops(tmp_path, "approve", "latest", *who, *scope)
    assert refused.returncode == 5
    assert "the signature is not that of 'Ada'" in refused.stderr
    assert not made.ledger.exists()


def add_reviewer(made: ApprovedRun, name: str, line: str) -> None:
    with made.approvers.open("a") as file:
        file.write(f"- {{name: {name}, emails: [{name}@example.com], key: {line}}}\n")


def said_by(name: str, key: Path) -> tuple[str, ...]:
    who = ("--key", str(key), "--reviewer", name, "--reason", "good")
    return ("approve", "latest", *who, "--env", "staging", "--max-traffic", "20")


def test_a_key_with_a_passphrase_needs_it(tmp_path: Path) -> None:
    made = write_approvable(tmp_path)
    key = tmp_path / "keys" / "dora"
    typed = "a-passphrase-of-dora"
    none = llmops(tmp_path, "keygen", str(key), "--protect")
    assert (none.returncode, key.exists()) == (2, False)
    assert "LLMOPS_KEY_PASSPHRASE: no passphrase" in none.stderr
    new = llmops(tmp_path, "keygen", str(key), "--protect", LLMOPS_KEY_PASSPHRASE=typed)
    add_reviewer(made, "Dora", new.stdout.strip())
    for given, said in (("", "no passphrase"), ("wrong-one", "or another passphrase")):
        refused = llmops(tmp_path, *said_by("Dora", key), LLMOPS_KEY_PASSPHRASE=given)
        assert (refused.returncode, made.ledger.exists()) == (2, False)
        assert said in refused.stderr
        assert "Traceback" not in refused.stderr
    done = llmops(tmp_path, *said_by("Dora", key), LLMOPS_KEY_PASSPHRASE=typed)
    assert done.returncode == 0, done.stderr
    assert typed not in made.ledger.read_text() + done.stdout + done.stderr


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs OpenSSH")
@pytest.mark.parametrize("typed", ["", "a-passphrase-of-eve"])
def test_a_key_of_openssh_signs(tmp_path: Path, typed: str) -> None:
    made = write_approvable(tmp_path)
    key = tmp_path / "keys" / "eve"
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", typed, "-C", "eve@laptop", "-f", key]
    subprocess.run(command, check=True)
    add_reviewer(made, "Eve", key.with_suffix(".pub").read_text().strip())
    done = llmops(tmp_path, *said_by("Eve", key), LLMOPS_KEY_PASSPHRASE=typed)
    if typed and not importlib.util.find_spec("bcrypt"):
        assert done.returncode == 2
        assert "Need bcrypt module" in done.stderr
    else:
        assert done.returncode == 0, done.stderr
        assert made.require().reviewers == ("Eve",)


def test_what_the_command_needs_is_named(tmp_path: Path) -> None:
    made = write_approvable(tmp_path)
    no_key = llmops(tmp_path, *said_by("Ada", made.approvers))
    assert no_key.returncode == 2
    public = llmops(tmp_path, *said_by("Ada", tmp_path / "none"))
    assert "No such file" in public.stderr
    far = llmops(tmp_path, *said_by("Ada", made.key("Ada")), "--expires", "9999999999d")
    assert (far.returncode, "Traceback" in far.stderr) == (2, False)
    made.approvers.unlink()
    no_rules = llmops(tmp_path, *said_by("Ada", made.key("Ada")))
    assert no_rules.returncode == 2
    assert "approvers.yaml: no such file; looked for experiments/reviews/" in no_rules.stderr


def test_rules_that_changed_are_named_until_somebody_approves_again(made: ApprovedRun) -> None:
    made.approve("Ada")
    made.approve("Ben")
    assert audit(made.project).breaks == ()
    made.approvers.write_text(made.approvers.read_text() + "# a remark\n")
    said = "experiments/approvers.yaml has changed since; this approval no longer holds"
    assert [each.seen for each in audit(made.project).breaks] == [said, said]
    with pytest.raises(ApprovalError, match=r"approvers.yaml has changed since"):
        made.require()
    made.approve("Ada")
    assert len(audit(made.project).breaks) == 1
    made.reject("Cleo")
    assert audit(made.project).breaks == ()


def test_what_is_not_what_was_stated_before_the_run_is_not_approved(tmp_path: Path) -> None:
    made = write_approvable(tmp_path)
    record_plan(tmp_path, made.folder)
    made.draft()
    path = made.folder / "manifest.json"
    content = json.loads(path.read_text())
    content["analysis"]["objective"]["metric"] = "words"
    path.write_text(json.dumps(content))
    said = "analysis is not what was stated before the run"
    with pytest.raises(ApprovalError, match=said):
        made.draft()
    assert said in [each.seen for each in audit(tmp_path).breaks]


def test_a_run_elsewhere_is_not_here_rather_than_broken(made: ApprovedRun) -> None:
    made.approve()
    made.folder.rename(made.project / "moved")
    verified = audit(made.project)
    assert verified.breaks == ()
    assert verified.absent == (f"reviews/{made.folder.name}",)


def test_another_run_may_be_approved_too(made: ApprovedRun) -> None:
    made.approve()
    other = write_approvable(made.project, *GATES, run_id="20260109-030405-beef")
    with pytest.raises(ApprovalError, match="0 of 1 approvals for staging"):
        other.require()
    other.approve("Ben")
    assert other.require().reviewers == ("Ben",)
