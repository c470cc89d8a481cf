"""The stub's side of one HTTP/1.1 connection: it parses, decides on a fault, waits, answers."""

from __future__ import annotations

import asyncio
import hashlib
import json
import socket
import struct
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl

from llm_answers import reply

if TYPE_CHECKING:
    from llm_stub import LLMStub


class Exchange(asyncio.Protocol):
    """One HTTP/1.1 connection."""

    def __init__(self, stub: LLMStub) -> None:
        self.stub, self.buffer = stub, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.stub.transports.add(self.transport)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.stub.transports.discard(self.transport)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            first, *lines = self.buffer[:end].decode("latin1").split("\r\n")
            pairs = (line.partition(":") for line in lines)
            headers = {name.lower(): value.strip() for name, _, value in pairs}
            until = end + 4 + int(headers.get("content-length", 0))
            if len(self.buffer) < until:
                return
            body, self.buffer = self.buffer[end + 4 : until], self.buffer[until:]
            self.handle(first.split(" ")[1], headers, body)

    def handle(self, target: str, headers: dict[str, str], raw: bytes) -> None:
        path, _, query = target.partition("?")
        if path.endswith(("/completions", "/embeddings")):
            self.ask(target, headers, raw)
        elif path == "/stats":
            self.send(200, self.stub.stats())
        elif path == "/log":
            self.send(200, self.stub.log)
        elif path == "/reset":
            self.stub.reset((), **{name: float(value) for name, value in parse_qsl(query)})
            self.send(200, {})
        else:
            self.refuse(404, f"no such path {path}")

    def ask(self, target: str, headers: dict[str, str], raw: bytes) -> None:
        stub = self.stub
        stub.requests += 1
        key = headers.get("api-key") or headers.get("authorization", "").removeprefix("Bearer ")
        if stub.api_key and key != stub.api_key:
            stub.faults["401"] += 1
            return self.refuse(401, f"wrong key {key}")  # as some providers do: it must be masked
        try:
            body = cast("dict[str, object]", json.loads(raw))
        except ValueError as error:
            return self.refuse(400, f"the body is not JSON: {error}")
        stub.seen.append((target, headers, body))
        return self.answer(target.partition("?")[0], body, raw)

    def answer(self, path: str, body: dict[str, object], raw: bytes) -> None:
        stub, settings = self.stub, self.stub.settings
        stub.in_flight += 1
        stub.peak = max(stub.peak, stub.in_flight)
        if fault := stub.fault():
            stub.faults[fault] += 1
        if fault == "hang":
            return
        if stub.holding:
            stub.held.append(partial(self.finish, path, body, raw, fault))
            return
        delay = settings.get("slow_ms", 5000) if fault == "slow" else settings.get("latency_ms", 0)
        if delay and fault != "429":
            asyncio.get_running_loop().call_later(delay / 1000, self.finish, path, body, raw, fault)
        else:
            self.finish(path, body, raw, fault)

    def finish(self, path: str, body: dict[str, object], raw: bytes, fault: str) -> None:
        stub = self.stub
        stub.in_flight -= 1
        if fault == "reset":
            sock = cast("socket.socket", self.transport.get_extra_info("socket"))
            with suppress(OSError):  # it may be gone already
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return self.transport.abort()
        if fault == "quota":
            return self.refuse(429, "you exceeded your quota", code="insufficient_quota")
        if fault.isdigit():
            wait = f"retry-after: {stub.settings.get('retry_after', 1):g}\r\n"
            extra = wait if fault in {"429", "503"} else ""
            return self.refuse(int(fault), f"the stub was told to say {fault}", extra=extra)
        asked = hashlib.sha256(raw).hexdigest()[:16]
        before = stub.times[asked] if stub.settings.get("fresh") else 0
        payload, tokens = reply(path, body, empty=fault == "empty", before=before)
        stub.answered += 1
        stub.tokens += tokens
        stub.log.append(asked)
        stub.times[asked] += 1
        if fault == "odd":
            return self.send(200, {"object": "list", "data": "none"})
        if fault == "garbage":
            return self.write(200, b"<html>a gateway says hello</html>", kind="text/html")
        kind = "text/event-stream" if payload.startswith(b"data: ") else "application/json"
        return self.write(200, payload, kind=kind, cut=fault == "trunc")

    def send(self, status: int, value: object) -> None:
        self.write(status, json.dumps(value).encode())

    def refuse(self, status: int, message: str, *, code: str = "", extra: str = "") -> None:
        error = {"message": message, "type": "stub_error", "code": code or str(status)}
        self.write(status, json.dumps({"error": error}).encode(), extra=extra)

    def write(
        self,
        status: int,
        payload: bytes,
        *,
        kind: str = "application/json",
        extra: str = "",
        cut: bool = False,
    ) -> None:
        if self.transport.is_closing():
            return
        head = f"HTTP/1.1 {status} Stub\r\ncontent-type: {kind}\r\ncontent-length: {len(payload)}"
        sent = payload[: len(payload) // 2] if cut else payload
        if kind == "text/event-stream" and self.stub.settings.get("halt"):
            first, end, rest = payload.partition(b"\n\n")
            sent = first + end
            self.stub.held.append(partial(self.transport.write, rest))
        self.transport.write(f"{head}\r\n{extra}\r\n".encode() + sent)
        if cut:
            self.transport.close()
