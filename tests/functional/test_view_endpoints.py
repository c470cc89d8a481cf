"""What a reviewer sees of deployments: shares, what happened, and nothing of a broken ledger."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from deployed_endpoint import (
    ENDPOINT,
    LOOK,
    change,
    deploy_two_releases,
    look_at_it,
    roll_back,
)
from reviewed_run import write_reviewed_run
from viewer_process import ViewerProcess, viewer

from llmops import ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN = "reviews/20260102-030405-abcd"
PAGE = f"/endpoints/{ENDPOINT}"
OUTSIDE = "what only the owner of this machine may read"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a run with two releases, looks at their endpoint, and what must not be reached."""
    project = tmp_path_factory.mktemp("project")
    write_reviewed_run(project / "reports" / RUN, lines=20)
    deploy_two_releases(project, RUN)
    page = look_at_it(project)
    (project / "secret.html").write_text(OUTSIDE)
    (project / "outside").mkdir()
    (project / "outside" / "monitoring.html").write_text(OUTSIDE)
    (page.parents[1] / "linked").symlink_to(project / "outside")
    (page.parents[1] / "link").mkdir()
    (page.parents[1] / "link" / "monitoring.html").symlink_to(project / "secret.html")
    return project


@pytest.fixture(scope="module")
def running(project: Path) -> Iterator[ViewerProcess]:
    with viewer(project) as running:
        running.enter()
        yield running


def text_of(page: str) -> str:
    """Return what is to be read of a page, all white space as single spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_shares_are_shown_with_their_releases(running: ViewerProcess) -> None:
    body = running.ask("/endpoints").body
    text = text_of(body)
    assert "reviews-1 reviews/1 90 % reviews-2 reviews/2 10 %" in text
    assert "Target: local. Requests with the same header X-User stay with one deployment." in text
    assert re.findall(r'class="used" width="(\d+)%"', body) == ["90", "10"]
    assert f'<a href="/runs/{RUN}">reviews/2</a>' in body
    assert f'<a href="{PAGE}">{ENDPOINT}</a>' in body


def test_a_run_says_what_its_releases_serve(running: ViewerProcess) -> None:
    text = text_of(running.ask(f"/runs/{RUN}").body)
    assert f"reviews/1 , 90 % of {ENDPOINT}" in text
    assert f"reviews/2 , 10 % of {ENDPOINT}" in text


def test_a_look_stands_in_the_timeline_and_its_report_opens(running: ViewerProcess) -> None:
    body = running.ask(PAGE).body
    assert "monitor: rollback Take reviews-2 back. error rate above 5 %" in text_of(body)
    (link,) = re.findall(r'href="([^"]+/looks/[^"]+)"', body)
    report = running.ask(link)
    assert (report.status, "What was seen" in report.body) == (200, True)
    policy = report.headers["Content-Security-Policy"]
    assert "sandbox allow-scripts" in policy
    assert "allow-same-origin" not in policy


@pytest.mark.parametrize(
    "path",
    [
        f"{PAGE}/looks/linked",
        f"{PAGE}/looks/link",
        f"{PAGE}/looks/..",
        f"{PAGE}/looks/..%2f..%2f..%2f..%2foutside",
        f"{PAGE}/looks/%2e%2e%2f{LOOK}",
        f"{PAGE}/looks/{LOOK}/monitoring.html",
        f"/endpoints/production/../looks/{LOOK}",
        f"/endpoints/production/%2a/looks/{LOOK}",
        f"/endpoints/staging/reviews/looks/{LOOK}",
        "/endpoints/production/none",
        "/endpoints/production/%3Cscript%3E",
        "/endpoints/production",
    ],
)
def test_nothing_but_looks_is_found(running: ViewerProcess, path: str) -> None:
    answer = running.ask(path)
    assert answer.status == 404
    assert OUTSIDE not in answer.body
    assert "<script>" not in answer.body


def test_endpoints_need_the_token_and_take_no_change(running: ViewerProcess) -> None:
    for path in ("/endpoints", PAGE, f"{PAGE}/looks/{LOOK}"):
        assert running.ask(path, cookie=False).status == 401
        assert running.ask(path, headers={"Host": "evil.example"}).status == 403
        assert running.ask(path, headers={"Origin": "http://evil.example"}).status == 403
        assert running.change(path, b"{}").status == 405


def test_pages_have_no_script_or_style_of_their_own(running: ViewerProcess) -> None:
    for path in ("/endpoints", PAGE):
        body = running.ask(path).body
        assert re.findall(r"<script|<style|\bstyle=|\bon\w+=", body) == []


def test_a_rollback_is_told_with_its_reason(tmp_path: Path) -> None:
    deploy_two_releases(tmp_path, RUN)
    roll_back(tmp_path)
    with viewer(tmp_path) as running:
        running.enter()
        body = running.ask(PAGE).body
    text = text_of(body)
    assert "reviews-1 reviews/1 100 % reviews-2 reviews/2 0 %" in text
    assert "rollback reviews-1 90 % → 100 %; reviews-2 10 % → 0 % misses what" in text
    assert "Rolled back" in text
    assert "misses what &lt;b&gt;the first&lt;/b&gt; sentence says" in body
    newest_first = [text.index(said) for said in ("90 % → 100 %", "100 % → 90 %", "is new")]
    assert newest_first == sorted(newest_first)


def test_a_closed_endpoint_and_no_endpoint_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    with viewer(tmp_path) as running:
        running.enter()
        assert "Nothing was deployed yet." in running.ask("/endpoints").body
        deploy_two_releases(tmp_path, RUN)
        change(tmp_path, {})
        assert "Nothing is deployed." in text_of(running.ask("/endpoints").body)
        assert "reviews-2 is taken away" in text_of(running.ask(PAGE).body)


def test_of_a_broken_ledger_no_share_is_shown(tmp_path: Path) -> None:
    write_reviewed_run(tmp_path / "reports" / RUN, lines=20)
    deploy_two_releases(tmp_path, RUN)
    path = ledger.path_of(tmp_path)
    path.write_text(path.read_text().replace('"reviews-2":10', '"reviews-2":60'))
    with viewer(tmp_path) as running:
        running.enter()
        for page in ("/endpoints", PAGE):
            answer = running.ask(page)
            assert answer.status == 200
            assert "The ledger does not verify" in answer.body
            assert "ledger.jsonl:4: edited" in answer.body
            assert "%" not in text_of(answer.body)
        run = text_of(running.ask(f"/runs/{RUN}").body)
    assert "ledger.jsonl:4: edited" in run
    assert ENDPOINT not in run
