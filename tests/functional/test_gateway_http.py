"""What goes through a gateway, byte by byte: what is passed on, what is not, what is refused."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING

import pytest
from deployment_double import head, is_silent, on_a_loop, receive, rig, says
from gateway_client import eventually

from llmops.domain.traffic import Limits

if TYPE_CHECKING:
    from pathlib import Path

ONE = ("prior", 100)


@on_a_loop
async def test_a_request_and_its_answer_go_through_as_they_are(tmp_path: Path) -> None:
    async with rig(tmp_path, ONE) as it:
        it.doubles["prior"].script = says(
            b'{"label": "good"}',
            "Content-Type: application/json",
            "Set-Cookie: a=1",
            "Set-Cookie: b=2",
            status="418 Teapot",
        )
        answer = await it.score(
            "Accept: x/y", "X-Two: 1", "X-Two: 2", "X-Request-Id: abc", body=b'{"text": "\xc3\xa9"}'
        )
        [sent] = it.doubles["prior"].received
    assert sent.start == "POST /score HTTP/1.1"
    assert sent.body == b'{"text": "\xc3\xa9"}'
    assert sent.headers.getall("X-Two") == ["1", "2"]
    assert sent.headers["Accept"] == "x/y"
    assert sent.headers["Host"] == "here"
    assert sent.headers["X-Request-Id"] == "abc"
    assert sent.headers["X-Forwarded-For"] == "127.0.0.1"
    assert "User-Agent" not in sent.headers, "nothing is added that the client did not say"
    assert answer.start == "HTTP/1.1 418 Teapot"
    assert answer.body == b'{"label": "good"}'
    assert answer.headers.getall("Set-Cookie") == ["a=1", "b=2"]
    assert answer.headers["X-Request-Id"] == "abc"
    assert answer.headers["X-Deployment"] == "prior"


@on_a_loop
async def test_the_target_is_passed_on_as_it_was_written(tmp_path: Path) -> None:
    async with rig(tmp_path, ONE) as it:
        target = "/a%2Fb/../c;d=1?q=%7B%22x%22%3A1%7D&&e=a+b"
        await it.send(f"GET {target} HTTP/1.1", "Host: here")
        [sent] = it.doubles["prior"].received
    assert sent.start == f"GET {target} HTTP/1.1"


@on_a_loop
async def test_what_belongs_to_one_connection_is_not_passed_on(tmp_path: Path) -> None:
    hop_by_hop = ("TE: trailers", "Upgrade: websocket", "Keep-Alive: 5", "Proxy-Authorization: x")
    async with rig(tmp_path, ONE) as it:
        it.doubles["prior"].script = says(
            b"ok", "Connection: X-Inner", "X-Inner: 1", "Proxy-Authenticate: x", "X-Deployment: me"
        )
        answer = await it.score("Connection: X-Private, keep-alive", "X-Private: 1", *hop_by_hop)
        [sent] = it.doubles["prior"].received
    gone = {"connection", "x-private", "te", "upgrade", "keep-alive", "proxy-authorization"}
    assert not gone & {name.lower() for name in sent.headers}
    assert not {"x-inner", "proxy-authenticate"} & {name.lower() for name in answer.headers}
    assert answer.headers.getall("X-Deployment") == ["prior"], "a deployment cannot give a name"


@on_a_loop
async def test_a_client_cannot_pass_for_a_copy_or_forge_an_id_for_the_log(tmp_path: Path) -> None:
    async with rig(tmp_path, ONE) as it:
        answer = await it.score("X-Request-Id: a b\tc", "X-Mirror: true")
        [sent] = it.doubles["prior"].received
    assert len(answer.headers["X-Request-Id"]) == 32
    assert sent.headers["X-Request-Id"] == answer.headers["X-Request-Id"]
    assert "X-Mirror" not in sent.headers


SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: here\r\n\r\n"


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (["Content-Length: 6", "Transfer-Encoding: chunked"], b"0\r\n\r\nG" + SMUGGLED),
        (["Transfer-Encoding: chunked", "Content-Length: 6"], b"0\r\n\r\nG" + SMUGGLED),
        (["Content-Length: 0", "Content-Length: 39"], SMUGGLED),
        (["Content-Length: 0, 39"], SMUGGLED),
        (["Content-Length: +0"], SMUGGLED),
        (["Content-Length : 0"], SMUGGLED),
        (["Content-Length: 0x0"], SMUGGLED),
        (["Transfer-Encoding: xchunked"], b"0\r\n\r\n" + SMUGGLED),
        (["Transfer-Encoding: identity, chunked, identity"], b"0\r\n\r\n" + SMUGGLED),
        (["Transfer-Encoding: chunked", "Transfer-Encoding: x"], b"0\r\n\r\n" + SMUGGLED),
        (["Transfer-Encoding: chunked"], b"0x0\r\n\r\n" + SMUGGLED),
        (["Transfer-Encoding: chunked"], b"2\r\nabc\r\n0\r\n\r\n" + SMUGGLED),
        (["Transfer-Encoding : chunked", "Content-Length: 0"], SMUGGLED),
        (["X: a\rContent-Length: 0"], SMUGGLED),
        (["X: a\0b"], SMUGGLED),
        ([" Folded: yes"], SMUGGLED),
    ],
)
@on_a_loop
async def test_what_can_be_read_in_two_ways_is_refused_and_the_connection_closed(
    tmp_path: Path, lines: list[str], body: bytes
) -> None:
    async with rig(tmp_path, ONE) as it, it.connection() as (reader, writer):
        writer.write(head("POST /score HTTP/1.1", "Host: here", *lines) + body)
        async with asyncio.timeout(10):
            answer = await reader.read()
        received = [each.start for each in it.doubles["prior"].received]
    assert answer.split()[1] == b"400"
    assert answer.count(b"HTTP/1.") == 1
    assert received == []


@on_a_loop
async def test_requests_sent_ahead_are_answered_in_order(tmp_path: Path) -> None:
    async with rig(tmp_path, ONE) as it, it.connection() as (reader, writer):
        writer.write(
            b"".join(
                head("POST /score HTTP/1.1", "Host: a", f"X-Request-Id: {n}", "Content-Length: 1")
                + b"x"
                for n in range(20)
            )
        )
        ids = [(await receive(reader)).headers["X-Request-Id"] for _ in range(20)]
        assert ids == [str(n) for n in range(20)]


@on_a_loop
async def test_a_chunked_body_goes_on_with_its_length(tmp_path: Path) -> None:
    async with rig(tmp_path, ONE) as it:
        await it.send(
            "POST /score HTTP/1.1",
            "Host: here",
            "Transfer-Encoding: chunked",
            body=b'3\r\n{"a\r\n4;x=y\r\n": 1\r\n1\r\n}\r\n0\r\nTrailer: x\r\n\r\n',
        )
        [sent] = it.doubles["prior"].received
    assert sent.body == b'{"a": 1}'
    assert sent.headers["Content-Length"] == "8"
    assert "Transfer-Encoding" not in sent.headers


@pytest.mark.parametrize("chunked", [True, False])
@on_a_loop
async def test_a_large_body_goes_through_in_parts(tmp_path: Path, *, chunked: bool) -> None:
    parts = [bytes([n]) * 100_000 for n in range(10)]
    async with rig(tmp_path, ONE) as it, it.connection() as (reader, writer):
        length = "Transfer-Encoding: chunked" if chunked else "Content-Length: 1000000"
        writer.write(head("POST /score HTTP/1.1", "Host: here", length))
        for part in parts:
            writer.write(b"%x\r\n%b\r\n" % (len(part), part) if chunked else part)
            await writer.drain()
        writer.write(b"0\r\n\r\n" if chunked else b"")
        answer = await receive(reader)
        [sent] = it.doubles["prior"].received
    assert answer.status == 200
    assert sent.body == b"".join(parts)


@on_a_loop
async def test_a_compressed_body_is_passed_on_compressed(tmp_path: Path) -> None:
    body = gzip.compress(b'{"text": "a"}')
    async with rig(tmp_path, ONE) as it:
        it.doubles["prior"].script = says(body, "Content-Encoding: gzip")
        answer = await it.score("Content-Encoding: gzip", body=body)
        [sent] = it.doubles["prior"].received
    assert sent.headers["Content-Encoding"] == answer.headers["Content-Encoding"] == "gzip"
    assert sent.body == answer.body == body


@pytest.mark.parametrize("chunked", [True, False])
@on_a_loop
async def test_a_body_over_the_limit_is_refused(tmp_path: Path, *, chunked: bool) -> None:
    limits = Limits(max_bytes=1000)
    length = "Transfer-Encoding: chunked" if chunked else "Content-Length: 1001"
    body = b"3e9\r\n%b\r\n0\r\n\r\n" % bytes(1001) if chunked else bytes(1001)
    async with rig(tmp_path, ONE, limits=limits) as it:
        answer = await it.send("POST /score HTTP/1.1", "Host: here", length, body=body)
        assert it.doubles["prior"].received == []
    assert answer.status == 413
    assert b"1000 bytes" in answer.body


@on_a_loop
async def test_a_head_that_never_ends_is_given_up(tmp_path: Path) -> None:
    limits = Limits(idle_seconds=0.2)
    async with rig(tmp_path, ONE, limits=limits) as it, it.connection() as (reader, writer):
        writer.write(b"POST /score HTTP/1.1\r\nHost: here\r\nX-Slow: ")
        async with asyncio.timeout(10):
            assert await reader.read() == b""


@on_a_loop
async def test_a_head_without_measure_is_refused(tmp_path: Path) -> None:
    async with rig(tmp_path, ONE) as it, it.connection() as (reader, writer):
        writer.write(head("GET / HTTP/1.1", f"X-Long: {'x' * 100_000}"))
        assert (await reader.readline()).split()[1] == b"400"
        assert it.doubles["prior"].received == []


@on_a_loop
async def test_a_body_that_does_not_come_is_given_up(tmp_path: Path) -> None:
    limits = Limits(client_seconds=0.2)
    async with rig(tmp_path, ONE, limits=limits) as it:
        answer = await it.send(
            "POST /score HTTP/1.1", "Host: here", "Content-Length: 9", body=b'{"a'
        )
        assert it.doubles["prior"].received == []
        [line] = it.log()
    assert answer.status == 408
    assert (line["status"], line["deployment"]) == (408, "")


@on_a_loop
async def test_a_deployment_that_is_silent_is_given_up(tmp_path: Path) -> None:
    async with rig(tmp_path, ONE, ("other", 0), limits=Limits(answer_seconds=0.2)) as it:
        it.doubles["prior"].script = is_silent
        answer = await it.score()
        assert len(it.doubles["prior"].received) == 1, "it may be working on it: nobody else is"
    assert answer.status == 504
    assert answer.headers["X-Deployment"] == "prior"


@on_a_loop
async def test_a_client_that_wants_to_be_asked_for_its_body_is_asked(tmp_path: Path) -> None:
    async with rig(tmp_path, ONE) as it, it.connection() as (reader, writer):
        writer.write(
            head("POST /score HTTP/1.1", "Host: here", "Content-Length: 2", "Expect: 100-continue")
        )
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"{}")
        assert (await receive(reader)).body == b"prior"
        [sent] = it.doubles["prior"].received
    assert sent.body == b"{}"
    assert "Expect" not in sent.headers


@on_a_loop
async def test_what_a_deployment_says_before_its_answer_is_left_out(tmp_path: Path) -> None:
    async def early(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head("HTTP/1.1 100 Continue"))
        writer.write(head("HTTP/1.1 103 Early Hints", "Link: </x>"))
        writer.write(head("HTTP/1.1 200 OK", "Content-Length: 2") + b"ok")

    async with rig(tmp_path, ONE) as it:
        it.doubles["prior"].script = early
        answer = await it.score()
    assert (answer.status, answer.body) == (200, b"ok")


@on_a_loop
async def test_head_has_the_length_and_no_body(tmp_path: Path) -> None:
    async def tells_the_length(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head("HTTP/1.1 200 OK", "Content-Length: 1000"))

    async with rig(tmp_path, ONE) as it, it.connection() as (reader, writer):
        it.doubles["prior"].script = tells_the_length
        for _ in range(2):
            writer.write(head("HEAD /health HTTP/1.1", "Host: here"))
            answer = await receive(reader, bodiless=True)
            assert (answer.status, answer.headers["Content-Length"]) == (200, "1000")


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
@on_a_loop
async def test_answers_without_a_body_leave_the_connection_usable(
    tmp_path: Path, status: str
) -> None:
    async def bare(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head(f"HTTP/1.1 {status}", 'ETag: "x"'))

    async with rig(tmp_path, ONE) as it, it.connection() as (reader, writer):
        it.doubles["prior"].script = bare
        for _ in range(2):
            writer.write(head("GET /openapi.json HTTP/1.1", "Host: here"))
            answer = await receive(reader, bodiless=True)
            assert answer.start.endswith(status)
            assert answer.headers["ETag"] == '"x"'


@on_a_loop
async def test_an_answer_that_ends_with_its_connection_is_whole(tmp_path: Path) -> None:
    async def old_style(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head("HTTP/1.0 200 OK", "Content-Type: text/plain") + b"all of it")
        writer.close()

    async with rig(tmp_path, ONE) as it:
        it.doubles["prior"].script = old_style
        answer = await it.score()
    assert (answer.body, answer.headers["Content-Type"]) == (b"all of it", "text/plain")


@on_a_loop
async def test_a_client_of_http_1_0_gets_its_answer(tmp_path: Path) -> None:
    async with rig(tmp_path, ONE) as it, it.connection() as (reader, writer):
        writer.write(head("GET /health HTTP/1.0"))
        answer = await reader.read()
    assert answer.endswith(b"\r\n\r\nprior")


@on_a_loop
async def test_events_arrive_while_the_answer_goes_on(tmp_path: Path) -> None:
    go_on = asyncio.Semaphore(0)

    async def events(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            head(
                "HTTP/1.1 200 OK",
                "Content-Type: text/event-stream",
                "Cache-Control: no-cache",
                "Transfer-Encoding: chunked",
            )
        )
        for number in range(3):
            writer.write(b"9\r\ndata: %d\n\n\r\n" % number)
            await go_on.acquire()
        writer.write(b"0\r\n\r\n")

    async with rig(tmp_path, ONE) as it, it.connection() as (reader, writer):
        it.doubles["prior"].script = events
        writer.write(head("POST /score HTTP/1.1", "Host: here", "Content-Length: 2") + b"{}")
        answer = await reader.readuntil(b"\r\n\r\n")
        assert b"text/event-stream" in answer
        assert b"X-Deployment: prior" in answer
        for number in range(3):
            got = await reader.readuntil(b"\n\n\r\n")
            assert got == b"9\r\ndata: %d\n\n\r\n" % number
            assert (await it.gateway.status()).deployments[0].instances[0].in_flight == 1
            go_on.release()
        assert await reader.readuntil(b"\r\n\r\n") == b"0\r\n\r\n"


@on_a_loop
async def test_a_stream_that_breaks_off_does_not_look_whole(tmp_path: Path) -> None:
    async def half(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked") + b"4\r\nhalf\r\n")
        await writer.drain()
        writer.transport.close()

    async with rig(tmp_path, ONE) as it, it.connection() as (reader, writer):
        it.doubles["prior"].script = half
        writer.write(head("POST /score HTTP/1.1", "Host: here", "Content-Length: 2") + b"{}")
        await reader.readuntil(b"half\r\n")
        assert await reader.read() == b"", "no last part: the client knows"
        await eventually(it.log)
        [line] = it.log()
    assert (line["status"], line["broken_off_by"], line["retried"]) == (200, "deployment", 0)


@on_a_loop
async def test_a_client_that_leaves_takes_its_request_along(tmp_path: Path) -> None:
    left = asyncio.Event()

    async def waits(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await is_silent(reader, writer)
        left.set()

    async with rig(tmp_path, ONE) as it:
        it.doubles["prior"].script = waits
        async with it.connection() as (_, writer):
            writer.write(head("POST /score HTTP/1.1", "Host: here", "Content-Length: 2") + b"{}")
            await eventually(lambda: it.doubles["prior"].received)
        await left.wait()
        await eventually(it.log)
        [line] = it.log()
    assert (line["status"], line["broken_off_by"], line["deployment"]) == (499, "client", "prior")


@pytest.mark.parametrize(
    ("start", "status"),
    [
        ("GET /metrics HTTP/1.1", 404),
        ("GET /metrics?x=1 HTTP/1.1", 404),
        ("GET /%6detrics HTTP/1.1", 404),
        ("CONNECT other:443 HTTP/1.1", 405),
        ("OPTIONS * HTTP/1.1", 405),
    ],
)
@on_a_loop
async def test_what_is_nobody_elses_business_is_not_passed_on(
    tmp_path: Path, start: str, status: int
) -> None:
    async with rig(tmp_path, ONE) as it:
        answer = await it.send(start, "Host: here")
        assert it.doubles["prior"].received == []
    assert answer.status == status
    assert "X-Deployment" not in answer.headers


@on_a_loop
async def test_a_request_for_another_place_goes_to_the_deployment(tmp_path: Path) -> None:
    async with rig(tmp_path, ONE) as it:
        answer = await it.send("GET http://elsewhere:1/health?a=b HTTP/1.1", "Host: here")
        [sent] = it.doubles["prior"].received
    assert answer.body == b"prior"
    assert sent.start == "GET /health?a=b HTTP/1.1"
