"""The viewer answers one browser on this machine, and shows nothing but runs."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fake_runs import write_run
from reviewed_run import write_reviewed_run
from viewer_process import PROGRAM, ViewerProcess, viewer

from llmops.signing import public_line, sign

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN = "/runs/reviews/20260102-030405-abcd"
CHALLENGE = f"{RUN}/challenge"
OUTSIDE = "what only the owner of this machine may read"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write two runs, and what must not be reached: links out, and files beside `reports/`."""
    project = tmp_path_factory.mktemp("project")
    reports = project / "reports"
    folder = write_reviewed_run(reports / "reviews" / "20260102-030405-abcd", lines=20)
    write_reviewed_run(reports / "reviews" / "20260103-030405-abcd", lines=20, gap=0, day=3)
    (folder / "report.html").write_text("<!doctype html><script>alert(1)</script>")
    outside = project / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text(OUTSIDE)
    (folder / "link.txt").symlink_to(outside / "secret.txt")
    (folder / ".hidden").write_text(OUTSIDE)
    (folder / "folder").mkdir()
    (folder / "folder" / "inner.txt").write_text(OUTSIDE)
    write_run(outside / "run", lines=2)
    (outside / "run" / "secret.txt").write_text(OUTSIDE)
    (reports / "reviews" / "linked").symlink_to(outside / "run")
    (reports / "elsewhere").symlink_to(outside)
    return project


@pytest.fixture(scope="module")
def running(project: Path) -> Iterator[ViewerProcess]:
    with viewer(project) as running:
        running.enter()
        yield running


def test_the_token_opens_once_and_leaves_the_address(project: Path) -> None:
    with viewer(project) as running:
        answer = running.ask(f"/?token={running.token}")
        assert answer.status == 200
        assert answer.headers["Refresh"] == "0; url=/"
        assert running.token not in answer.body + str(answer.headers)
        cookie = answer.headers["Set-Cookie"]
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(cookie.split("; "))
        assert running.ask(f"/?token={running.token}").status == 401
        running.cookie = cookie.partition(";")[0]
        assert running.ask("/").status == 200
        assert running.ask("/", cookie=False).status == 401
    assert running.process.returncode == 0
    assert running.token not in running.said
    assert "Traceback" not in running.said


@pytest.mark.parametrize(
    "path",
    ["/", "/?token=", "/?token=guess", "/?token=%F0%9F%90%8D", RUN, "/static/view.css", "/x"],
)
def test_nothing_is_shown_without_the_token(running: ViewerProcess, path: str) -> None:
    answer = running.ask(path, cookie=False)
    assert answer.status == 401
    assert "20260103" not in answer.body
    wrong = {"Cookie": f"llmops_view_{running.port}=guess"}
    assert running.ask(path, cookie=False, headers=wrong).status == 401


def test_one_loopback_address_is_listened_on(running: ViewerProcess) -> None:
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", running.port), timeout=5)


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "", "[::1]"])
def test_another_host_is_refused(running: ViewerProcess, host: str) -> None:
    headers = {"Host": host.format(port=running.port)}
    assert running.ask("/", headers=headers).status == 403
    assert running.ask(f"/?token={running.token}", headers=headers).status == 403
    assert running.ask("/", headers={"Host": f"localhost:{running.port}"}).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_origin_is_refused(running: ViewerProcess, headers: dict[str, str]) -> None:
    assert running.ask(RUN, headers=headers).status == 403
    sent = {name.replace("-", "_"): value for name, value in headers.items()}
    assert running.change(CHALLENGE, b"{}", **sent).status == 403


def test_a_change_says_where_it_comes_from(running: ViewerProcess) -> None:
    assert running.change(CHALLENGE, b"{}").status == 200
    assert running.change(CHALLENGE, b"{}", Origin="").status == 403
    form = "application/x-www-form-urlencoded"
    assert running.change(CHALLENGE, b"a=b", Content_Type=form).status == 415
    assert running.change(CHALLENGE, b"{}", Content_Type="text/plain").status == 415
    assert running.change(CHALLENGE, b"{}", Sec_Fetch_Site="none").status == 403


@pytest.mark.parametrize(
    "path",
    [
        f"{RUN}/files/../../../../outside/secret.txt",
        f"{RUN}/files/..%2f..%2f..%2f..%2foutside%2fsecret.txt",
        f"{RUN}/files/%2e%2e/%2e%2e/%2e%2e/%2e%2e/outside/secret.txt",
        f"{RUN}/files/%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2foutside%2fsecret.txt",
        f"{RUN}/files/..%5c..%5coutside%5csecret.txt",
        f"{RUN}/files/%252e%252e%252foutside%252fsecret.txt",
        f"{RUN}/files/%2fetc%2fpasswd",
        f"{RUN}/files//etc/passwd",
        f"{RUN}/files/manifest.json%00.txt",
        f"{RUN}/files/link.txt",
        f"{RUN}/files/.hidden",
        f"{RUN}/files/folder",
        f"{RUN}/files/folder%2finner.txt",
        f"{RUN}/files/",
        "/runs/reviews/linked",
        "/runs/reviews/linked/files/secret.txt",
        "/runs/elsewhere/run/files/secret.txt",
        "/runs/..%2f..%2foutside/run",
        "/runs/../outside/run/files/secret.txt",
        "/runs/reviews/",
        "/static/",
        "/static/../server.py",
        "/static/%2e%2e/server.py",
        "/static/..%2fserver.py",
    ],
)
def test_no_path_leads_out_of_the_runs(running: ViewerProcess, path: str) -> None:
    answer = running.ask(path)
    assert answer.status in {403, 404}
    assert OUTSIDE not in answer.body
    assert "import" not in answer.body


def test_links_out_are_no_runs(running: ViewerProcess) -> None:
    body = running.ask("/").body
    assert "2 runs" in body
    assert "linked" not in body


def test_a_large_or_wrong_content_is_refused(running: ViewerProcess) -> None:
    large = json.dumps({"signature": "x" * 300_000}).encode()
    assert running.change(f"{RUN}/sign-in", large).status == 413
    for wrong in (b"", b"[]", b"{", b'{"signature":1}', b'{"signature":"x","more":1}', b"\xff"):
        assert running.change(f"{RUN}/sign-in", wrong).status == 422


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(running: ViewerProcess, method: str) -> None:
    for path in ("/", RUN, f"{RUN}/files/manifest.json"):
        assert running.change(path, b"{}", method=method).status == 405


def test_every_answer_is_locked_down(running: ViewerProcess) -> None:
    for path in ("/", RUN, "/nothing", f"{RUN}/files/manifest.json", "/static/view.css"):
        headers = running.ask(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert not [name for name in headers if name.startswith("Access-Control")]


def test_pages_have_no_script_or_style_of_their_own(running: ViewerProcess) -> None:
    for path in ("/", RUN, "/history", "/compare", "/reviewer"):
        body = running.ask(path).body
        assert re.findall(r"<script(?![^>]* src=)|<style|\bstyle=|\bon\w+=", body) == []


def test_a_report_runs_in_an_origin_of_its_own(running: ViewerProcess) -> None:
    policy = running.ask(f"{RUN}/files/report.html").headers["Content-Security-Policy"]
    assert "sandbox allow-scripts" in policy
    assert "allow-same-origin" not in policy
    assert "connect-src" not in policy
    assert "default-src 'none'" in policy


def test_refusals_are_worded_alike(running: ViewerProcess) -> None:
    page = running.ask("/runs/reviews/none")
    assert "run reviews/none: there is nothing of this name; go back to the runs" in page.body
    asked = running.ask("/runs/reviews/none", headers={"Accept": "application/json"})
    assert json.loads(asked.body)["error"].startswith("run reviews/none: ")
    hostile = running.ask("/runs/reviews/%3Cscript%3E")
    assert "<script>" not in hostile.body


def test_a_review_needs_a_reviewer(running: ViewerProcess) -> None:
    asked = running.ask(f"{RUN}/review")
    assert asked.status == 303
    assert asked.headers["Location"] == f"{RUN}/sign-in"
    note = b'{"candidate":"x","line":"reviews:0:0"}'
    assert running.change(f"{RUN}/review", note, method="PUT").status == 403


def test_a_signature_signs_in_once(project: Path) -> None:
    key = Ed25519PrivateKey.generate()
    approvers: dict[str, object] = {
        "reviewers": [
            {"name": "Ada", "emails": ["ada@example.com"], "key": public_line(key.public_key())}
        ],
        "environments": {"production": {}},
    }
    (project / "experiments").mkdir()
    (project / "experiments" / "approvers.yaml").write_text(json.dumps(approvers))
    with viewer(project) as running:
        running.enter()
        stale = signed(key, challenge(running))
        fresh = signed(key, challenge(running))
        assert running.change(f"{RUN}/sign-in", stale).status == 422
        assert running.change(f"{RUN}/sign-in", fresh).status == 422, "a challenge is for one try"
        good = signed(key, challenge(running))
        assert running.change(f"{RUN}/sign-in", good).status == 200
        assert running.change(f"{RUN}/sign-in", good).status == 422
        assert running.ask(f"{RUN}/review").status == 200
        assert running.change(f"{RUN}/sign", signed(key, "nothing")).status == 422
        for wrong in ({"line": "reviews:99:0"}, {"candidate": "x"}, {"preference": "candidate"}):
            note = json.dumps({"candidate": candidate(running), **wrong}).encode()
            assert running.change(f"{RUN}/review", note, method="PUT").status == 422
        assert running.change("/sign-out", b"{}").status == 200
        assert running.ask(f"{RUN}/review").status == 303


def challenge(running: ViewerProcess) -> str:
    return json.loads(running.change(CHALLENGE, b"{}").body)["challenge"]


def signed(key: Ed25519PrivateKey, text: str) -> bytes:
    return json.dumps({"signature": sign(key, text.encode())}).encode()


def candidate(running: ViewerProcess) -> str:
    found = re.search(r'data-candidate="(\w+)"', running.ask(f"{RUN}/review").body)
    assert found
    return found[1]


def test_runs_are_found_by_text_and_outcome(running: ViewerProcess) -> None:
    assert "1 of 2 runs" in running.ask("/?text=20260103").body
    assert "None of the 2 runs" in running.ask("/?text=nothing").body
    assert "None of the 2 runs" in running.ask("/?status=failed").body
    assert "2 runs" in running.ask("/?status=completed&experiment=reviews").body


def test_two_runs_are_compared_the_older_first(running: ViewerProcess) -> None:
    keys = ("reviews/20260103-030405-abcd", "reviews/20260102-030405-abcd")
    body = running.ask(f"/compare?run={keys[0]}&run={keys[1]}").body
    assert f"From {keys[1]} to {keys[0]}" in body
    assert running.ask(f"/compare?run={keys[0]}").status == 422
    assert running.ask("/compare?run=a&run=b").status == 422


def test_history_has_a_row_for_every_run(running: ViewerProcess) -> None:
    body = running.ask("/history").body
    assert body.count('<th scope="row">') == 2
    assert running.ask("/history?metric=none").status == 422


def test_a_taken_port_is_named(project: Path, running: ViewerProcess) -> None:
    command = [sys.executable, "-c", PROGRAM, "view", "--no-browser", "--port", str(running.port)]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"--port {running.port}: cannot be used: Address already in use" in done.stderr
