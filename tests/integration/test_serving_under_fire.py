"""A service that is sent what no client should send: it refuses in words, and stays as it was."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import aiohttp
import pytest
from malformed import CODE, FLOW, Malformed, draw_malformed
from served_release import production_log, read, release_flow, serving

from llmops.concurrency import together
from llmops.domain.configuration import Configuration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sample_project import Project
    from served_release import Serving

KEY = "open-sesame-1"
REQUESTS = 9_500
"""Beside at least 500 that schemathesis draws."""
WARM = 2_000


@pytest.fixture
def released(project: Project) -> Project:
    flow = project.folder / "flows" / "give_back"
    flow.mkdir()
    (flow / "flow.dag.yaml").write_text(FLOW)
    (flow / "give_back.py").write_text(CODE)
    release_flow(project.folder, flow, Configuration(), name="give_back")
    flow = project.folder / "flows" / "echo"
    flow.mkdir()
    (flow / "echo.py").write_text("async def echo(text: str) -> str:\n    return text\n")
    (flow / "flow.flex.yaml").write_text("entry: echo:echo\n")
    release_flow(project.folder, flow, Configuration(), name="echo")
    return project


def test_schemathesis_finds_it_to_be_what_it_says(released: Project) -> None:
    """Requests that its own description allows and forbids, with and without the key."""
    with serving(released, "give_back/1", LLMOPS_SERVE_KEY=KEY) as running:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", f"{running.url}/openapi.json"),
                *("--header", f"Authorization: Bearer {KEY}", "--mode", "all", "--seed", "7"),
                *("--max-examples", "180", "--generation-database", "none", "--no-color"),
            ],
            cwd=released.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        running.end()
    assert done.returncode == 0, done.stdout + done.stderr
    found = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert found
    assert found[1] == found[2]
    assert int(found[1]) >= 500
    assert running.log("defect") == []


def test_thousands_of_malformed_requests_leave_nothing_behind(released: Project) -> None:
    draw = Random(7)  # noqa: S311 - sample data
    requests = [draw_malformed(draw) for _ in range(REQUESTS)]
    with serving(released, "give_back/1", "--max-body-kb", "64") as running:
        statuses = asyncio.run(send_all(running.url, requests[:WARM]))
        before = resident_kb(running)
        statuses += asyncio.run(send_all(running.url, requests[WARM:]))
        grown = resident_kb(running) - before
        assert running.score().status == 200
        running.end()
    assert statuses.total() == REQUESTS
    assert set(statuses) == {200, 400, 404, 405, 406, 413, 415}
    assert statuses[400] > REQUESTS / 3
    assert grown < 8 * 1024
    assert running.log("defect") == []
    assert len(running.said) < 500 * REQUESTS
    refused = [each for each in running.log("answered") if each["status"] != 200]
    scored = production_log(released)
    assert len(scored) + len(refused) < REQUESTS, "who is refused is in no production log"
    assert {each["status"] for each in scored} == {200}


async def send_all(url: str, requests: Sequence[Malformed]) -> Counter[int]:
    """Send over 16 connections that are kept; return how often each status came."""
    statuses = Counter[int]()
    left = iter(requests)

    async def client() -> None:
        for each in left:
            async with session.request(
                each.method, each.path, data=each.body, headers=each.headers
            ) as answer:
                await answer.read()
            statuses[answer.status] += 1

    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(url, timeout=timeout) as session:
        await together([client() for _ in range(16)])
    return statuses


def test_connections_that_say_nothing_whole_are_closed(released: Project) -> None:
    """Slow heads and slow bodies hold no place: others are answered beside them."""
    options = ("--concurrency", "1", "--queue", "0", "--keep-alive", "1", "--timeout", "1")
    with serving(released, "echo/1", *options) as running:
        heads = [opened(running, b"POST /score HTTP/1.1\r\nHost: a\r\nX-Slow: ") for _ in range(50)]
        bodies = [opened(running, head(1000) + b"{") for _ in range(50)]
        assert running.score().status == 200
        assert {status_of(each) for each in heads} == {b""}
        assert {status_of(each) for each in bodies} == {b"408"}
        assert running.score().status == 200


NO_HTTP = (
    b"GET / HTTP/9.9\r\n\r\n",
    b"\0\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
    b"GET /health HTTP/1.1\r\nHost: a\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n",
    b"GET /health HTTP/1.1\r\nHost: a\r\n" + b"X-Many: a\r\n" * 100_000 + b"\r\n",
    b"POST /score HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
    b"POST /score HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    b"POST /score HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /score HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n",
)


def test_bytes_that_are_no_http_end_their_own_connection_only(released: Project) -> None:
    draw = Random(7)  # noqa: S311 - sample data
    with serving(released, "echo/1") as running:
        before = resident_kb(running)
        assert {status_of(opened(running, each)) for each in NO_HTTP} <= {b"", b"400"}
        for number in range(200):
            content = head(5 * (number % 2)) + draw.randbytes(draw.randrange(3000))
            connection = opened(running, content[draw.randrange(40) :])
            connection.shutdown(socket.SHUT_WR)
            assert status_of(connection) in {b"", b"400", b"404", b"405"}
        assert running.score().status == 200
        assert resident_kb(running) - before < 8 * 1024
        running.end()
    assert running.log("defect") == []


def test_a_body_that_is_not_read_ends_its_connection_and_says_so(released: Project) -> None:
    """Whoever keeps connections, a gateway, would send another's request on it."""
    with serving(released, "echo/1", "--max-body-kb", "1") as running:
        connection = running.connect()
        for body, headers in (
            (b"a" * 100_000, {}),
            (b"no gzip", {"Content-Encoding": "gzip"}),
            (b'{"text": "a"}', {"Content-Type": "text/plain"}),
        ):
            connection.request("POST", "/score", body, headers)
            answer = read(connection.getresponse())
            assert 400 <= answer.status < 500
            connection.request("POST", "/score", b'{"text": "a"}')
            assert read(connection.getresponse()).status == 200
        connection.close()


def test_requests_sent_ahead_are_answered_in_their_order(released: Project) -> None:
    bodies = [b'{"text": "%d"}' % number for number in range(500)]
    requests = [head(len(each)) + each for each in bodies]
    requests.append(b"GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    with serving(released, "echo/1") as running:
        connection = opened(running, b"".join(requests))
        with connection, connection.makefile("rb") as answers:
            text = answers.read()
    assert re.findall(rb'"output":"(\d+)"', text) == [b"%d" % number for number in range(500)]


def head(length: int, *more: str) -> bytes:
    lines = ("POST /score HTTP/1.1", "Host: a", f"Content-Length: {length}", *more, "", "")
    return "\r\n".join(lines).encode()


def opened(running: Serving, content: bytes) -> socket.socket:
    """Open a connection, and send what it takes of the content."""
    parts = urlsplit(running.url)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=30)
    with suppress(ConnectionError):  # it may have heard enough
        connection.sendall(content)
    return connection


def status_of(connection: socket.socket) -> bytes:
    """Return the first answer's status, empty where the connection ends without one."""
    with connection, connection.makefile("rb") as answer:
        try:
            return b"".join(answer.readline().split()[1:2])
        except ConnectionError:
            return b""


def resident_kb(running: Serving) -> int:
    pages = Path(f"/proc/{running.process.pid}/statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE") // 1024
