"""`llmops monitor` on logs in which the truth is known."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hook_server import hook_server
from production_logs import DEPLOYMENT, NEW, OLD, Behaviour, FakeEndpoint, make_endpoint
from sample_project import KEY

from llmops.errors import ConfigError
from llmops.pipeline.audit import audit

if TYPE_CHECKING:
    from pathlib import Path

    from sample_project import Project

SPLIT = {OLD: 90, NEW: 10}


@pytest.fixture
def endpoint(project: Project, monkeypatch: pytest.MonkeyPatch) -> FakeEndpoint:
    for name, value in project.variables.items():
        monkeypatch.setenv(name, value)
    made = make_endpoint(project)
    made.split({OLD: 100})
    made.split(SPLIT)
    return made


def test_a_worse_candidate_is_rolled_back(endpoint: FakeEndpoint) -> None:
    endpoint.serve(SPLIT, 2500, {NEW: Behaviour(right=0.65)})
    done = endpoint.project.llmops("monitor", "experiments/messages", "--env", "dev")
    assert done.returncode == 4, done.stderr
    assert "dev/messages: rollback: Roll messages-2 back." in done.stdout
    assert "shown: exact_match.correct worse by more than 0.05" in done.stdout
    assert "next: llmops rollback messages --env dev --reason" in done.stdout
    (record,) = endpoint.records()
    assert (record["action"], record["candidate"], record["percent"]) == ("rollback", NEW, None)


def test_an_equal_candidate_takes_the_next_step(endpoint: FakeEndpoint) -> None:
    endpoint.serve(SPLIT, 4000)
    done = endpoint.project.llmops("monitor", "messages", "--env", "dev")
    assert done.returncode == 0, done.stderr
    assert "Give messages-2 50 % of the traffic." in done.stdout
    assert "next: llmops promote messages --env dev" in done.stdout
    (record,) = endpoint.records()
    assert (record["action"], record["percent"]) == ("next step", 50)


def test_a_broken_split_stops_everything_before_anything_is_judged(endpoint: FakeEndpoint) -> None:
    endpoint.serve({OLD: 70, NEW: 30}, 1000, {NEW: Behaviour(right=0.1)})
    done = endpoint.project.llmops("monitor", "messages", "--env", "dev")
    assert done.returncode == 6
    assert "not split as stated" in done.stderr
    assert "where 10 % are stated" in done.stdout
    watched = endpoint.look()
    assert watched.found.measures == watched.found.differences == ()
    assert all(each.judged == 0 for each in watched.found.traffic)


def test_it_waits_until_enough_is_known(endpoint: FakeEndpoint) -> None:
    endpoint.describe(DEPLOYMENT.replace("bake_minutes: 0", "bake_minutes: 60"))
    endpoint.serve(SPLIT, 300)
    found = endpoint.look().found
    assert found.proposal.action == "stay"
    reasons = "\n".join(found.proposal.reasons)
    assert "of 60 minutes" in reasons
    assert "requests of 50" in reasons or "not shown" in reasons


def test_nothing_is_asked_twice(endpoint: FakeEndpoint) -> None:
    endpoint.serve(SPLIT, 200)
    first = endpoint.look()
    verdicts = first.folder.parent / "verdicts.jsonl"
    judged = verdicts.read_bytes()
    assert judged.count(b"\n") == 200
    endpoint.serve(SPLIT, 50)
    endpoint.look()
    assert verdicts.read_bytes().startswith(judged)
    assert verdicts.read_bytes().count(b"\n") == 250
    verdicts.write_bytes(judged[:-9])
    assert endpoint.look().found.measures == endpoint.look().found.measures


def test_only_the_stated_share_is_judged_and_the_same_at_every_look(
    endpoint: FakeEndpoint,
) -> None:
    endpoint.describe(DEPLOYMENT.replace("monitor:\n", "monitor:\n  sample: 0.25\n"))
    endpoint.serve(SPLIT, 400)
    first = sum(each.judged for each in endpoint.look().found.traffic)
    assert 60 < first < 140
    assert first == sum(each.judged for each in endpoint.look().found.traffic)


def test_what_is_odd_in_the_log_is_counted_and_left_out(endpoint: FakeEndpoint) -> None:
    endpoint.serve(SPLIT, 1000)
    usual = endpoint.look().found
    stranger = json.dumps(
        {"kind": "feedback", "request": "nobody's", "feedback": {"expected": "x"}}
    )
    endpoint.write(OLD, ["no json", '{"kind": "score"}', "[]", stranger, "null"])
    endpoint.write(NEW, ['{"kind": "score", "request": "cut off'], end="")
    endpoint.write(NEW, [], end="")
    endpoint.serve({"messages-9": 100}, 3)
    odd = endpoint.look().found
    assert odd.traffic == usual.traffic
    assert odd.measures == usual.measures
    notes = "\n".join(odd.notes)
    assert "4 lines of the log cannot be read" in notes
    assert "3 requests are left out: of messages-9, which the ledger does not know" in notes


def test_an_empty_log_leaves_everything_as_it_is(endpoint: FakeEndpoint) -> None:
    found = endpoint.look().found
    assert found.proposal.action == "stay"
    assert "no request since the traffic changed" in "\n".join(found.notes)
    assert found.ratio.status == "not checked"


def test_requests_before_the_last_change_do_not_count(endpoint: FakeEndpoint) -> None:
    endpoint.serve(SPLIT, 100)
    later = (datetime.now(UTC) + timedelta(hours=1)).timestamp()
    found = endpoint.look(since=later).found
    assert [each.requests for each in found.traffic] == [0, 0]
    with pytest.raises(ConfigError, match="before the traffic changed"):
        endpoint.look(since=0.0)


def test_sticky_traffic_is_counted_and_compared_by_user(endpoint: FakeEndpoint) -> None:
    endpoint.describe(DEPLOYMENT.replace("monitor:\n", "monitor:\n  unit: user\n"))
    endpoint.split(SPLIT, sticky="header:x-user")
    text = DEPLOYMENT.replace("monitor:\n", "monitor:\n  unit: text\n")
    endpoint.serve(SPLIT, 1000)
    unknown = endpoint.look().found
    assert unknown.ratio.status == "not checked"
    assert unknown.proposal.action == "stay"
    assert "names no user" in "\n".join(unknown.proposal.reasons)
    endpoint.describe(text)
    known = endpoint.look().found
    assert (known.ratio.status, known.ratio.counted) == ("kept", "units")


def test_the_gateway_s_log_counts_what_no_deployment_could_log(endpoint: FakeEndpoint) -> None:
    endpoint.serve(SPLIT, 600)
    endpoint.access_log.parent.mkdir(parents=True)
    with endpoint.access_log.open("w") as file:
        for path in sorted(endpoint.log.glob("*/*.jsonl")):
            for line in path.read_text().splitlines():
                record = json.loads(line)
                if record["kind"] == "score":
                    crashed = record["deployment"] == NEW
                    seen = {
                        **{name: record[name] for name in ("time", "deployment", "seconds")},
                        "request_id": record["request"],
                        "method": "POST",
                        "path": "/score",
                        "status": 502 if crashed else 200,
                        "unit": record["request"][:10],
                    }
                    file.write(json.dumps(seen) + "\n")
        file.write('{"time": "2027-')
    found = endpoint.look().found
    rates = {each.deployment: each for each in found.measures if each.metric == "error_rate"}
    assert (rates[OLD].value, rates[NEW].value) == (0.0, 1.0)
    assert rates[OLD].units < rates[OLD].n
    assert found.proposal.action == "rollback"


def test_a_new_proposal_is_told_once(
    endpoint: FakeEndpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = (
        '  notify:\n  - {kind: webhook, url: "${HOOK}", secret: "${HOOK_KEY}", retry_seconds: 0}\n'
    )
    endpoint.describe(DEPLOYMENT + hook)
    monkeypatch.setenv("HOOK_KEY", KEY)
    with hook_server() as hooks:
        monkeypatch.setenv("HOOK", hooks.url)
        endpoint.look()
        assert hooks.received == [], "to stay is no news"
        endpoint.serve(SPLIT, 2500, {NEW: Behaviour(right=0.65)})
        hooks.statuses = [503, 503, 503]
        assert "webhook to 127.0.0.1" in endpoint.look().problems[0]
        assert endpoint.look().problems == ()
        told = len(hooks.received)
        endpoint.look()
        assert len(hooks.received) == told == 4
    content = json.loads(hooks.received[-1].body)
    assert (content["action"], content["candidate"]) == ("rollback", NEW)
    everything = b"".join(
        path.read_bytes()
        for path in endpoint.project.folder.rglob("reports/**/*")
        if path.is_file()
    )
    assert KEY.encode() not in everything
    assert b"T0KEN" not in everything


def test_the_report_says_it_all_and_the_ledger_verifies(endpoint: FakeEndpoint) -> None:
    endpoint.serve(SPLIT, 4000, {NEW: Behaviour(words=30)})
    watched = endpoint.look()
    numbers = json.loads((watched.folder / "monitoring.json").read_text())
    assert numbers["version"] == 1
    assert numbers["proposal"]["action"] == "next step"
    page = (watched.folder / "monitoring.html").read_text()
    assert "Give messages-2 50 % of the traffic." in page
    assert "exact_match.correct" in page
    assert "http" not in page.replace("http-equiv", "")
    verified = audit(endpoint.project.folder)
    assert verified.breaks == ()


def test_a_metric_that_production_does_not_give_is_refused(endpoint: FakeEndpoint) -> None:
    endpoint.describe(DEPLOYMENT.replace("exact_match.correct, max", "exact_match.accuracy, max"))
    with pytest.raises(ConfigError, match=r"nothing gives 'exact_match.accuracy'"):
        endpoint.look()
    endpoint.describe(DEPLOYMENT.replace("run.outputs.label", "run.outputs.lable"))
    with pytest.raises(ConfigError, match="did you mean 'label'"):
        endpoint.look()
    endpoint.describe(DEPLOYMENT.replace("name: exact_match", "name: exact_mach"))
    with pytest.raises(ConfigError, match="did you mean 'exact_match'"):
        endpoint.look()


def test_an_evaluator_that_needs_a_label_is_named_when_nothing_is_stated(
    endpoint: FakeEndpoint,
) -> None:
    traffic = DEPLOYMENT.partition("monitor:")[0]
    rules = [line for line in traffic.splitlines(keepends=True) if "exact_match" not in line]
    endpoint.describe("".join(rules))
    endpoint.serve(SPLIT, 1000)
    found = endpoint.look().found
    assert found.proposal.action == "next step"
    assert any(note.startswith("exact_match does not judge production") for note in found.notes)


def test_the_log_may_be_elsewhere(endpoint: FakeEndpoint, tmp_path: Path) -> None:
    endpoint.serve(SPLIT, 500)
    elsewhere = tmp_path / "copied"
    endpoint.log.rename(elsewhere)
    done = endpoint.project.llmops("monitor", "messages", "--env", "dev", "--log", str(elsewhere))
    assert done.returncode == 0, done.stderr
    assert sum(each["judged"][OLD] for each in endpoint.records()) > 400


def test_nothing_deployed_is_said(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in project.variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match="nothing is deployed"):
        make_endpoint(project).look()


def test_an_interrupted_look_keeps_what_was_judged(endpoint: FakeEndpoint) -> None:
    endpoint.serve(SPLIT, 300)

    async def cut_off() -> None:
        async with asyncio.timeout(0):
            await endpoint.looking()

    with pytest.raises(TimeoutError):
        asyncio.run(cut_off())
    assert sum(each.judged for each in endpoint.look().found.traffic) == 300
