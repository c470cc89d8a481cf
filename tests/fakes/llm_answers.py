"""What the stub answers: a pure function of the request and of how often it was asked before."""

from __future__ import annotations

import json
import zlib
from typing import cast

LABELS = ("positive", "negative", "neutral", "unknown")


def reply(
    path: str, body: dict[str, object], *, empty: bool = False, before: int = 0
) -> tuple[bytes, int]:
    """Return the payload and its total tokens."""
    text = prompt_of(body)
    digest = zlib.crc32(text.encode() + b"again" * before)
    answer = LABELS[digest % 4] if "classify" in text.lower() else f"ANSWER-{digest:08x}"
    if "a key" in text:
        answer = f"sk-{digest:08x}{digest:08x}"
    answer = "" if empty else answer
    usage = {"prompt_tokens": max(1, len(text) // 4), "completion_tokens": max(1, len(answer) // 4)}
    usage["total_tokens"] = sum(usage.values())
    head = {"id": "stub", "created": 1, "model": body.get("model", "stub"), "usage": usage}
    numbers = range(cast("int", body.get("n") or 1))
    if path.endswith("/embeddings"):
        vector = [((digest >> bit) % 200 - 100) / 100 for bit in range(16)]
        data = [{"object": "embedding", "index": 0, "embedding": vector}]
        whole = head | {"object": "list", "data": data}
    elif path.endswith("/chat/completions"):
        if body.get("stream"):
            return streamed(answer, head, body), usage["total_tokens"]
        message = {"role": "assistant", "content": answer, "refusal": None}
        choices = [{"index": i, "message": message, "finish_reason": "stop"} for i in numbers]
        whole = head | {"object": "chat.completion", "choices": choices}
    else:
        choices = [{"index": i, "text": answer, "finish_reason": "stop"} for i in numbers]
        whole = head | {"object": "text_completion", "choices": choices}
    return json.dumps(whole).encode(), usage["total_tokens"]


def streamed(answer: str, head: dict[str, object], body: dict[str, object]) -> bytes:
    usage = head.pop("usage")
    head["object"] = "chat.completion.chunk"
    pieces: list[tuple[dict[str, str], str | None]] = [
        ({"role": "assistant", "content": answer[:4]}, None),
        ({"content": answer[4:]}, None),
        ({}, "stop"),
    ]
    chunks = [
        head | {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}
        for delta, reason in pieces
    ]
    if cast("dict[str, bool]", body.get("stream_options") or {}).get("include_usage"):
        chunks.append(head | {"choices": list[object](), "usage": usage})
    events = (b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks)
    return b"".join(events) + b"data: [DONE]\n\n"


def prompt_of(body: dict[str, object]) -> str:
    """Return all text of the request, one part a line."""
    source = body.get("messages") or body.get("input") or body.get("prompt") or ""
    if isinstance(source, str):
        return source
    parts: list[str] = []
    for item in cast("list[object]", source):
        content = cast("dict[str, object]", item).get("content") if isinstance(item, dict) else item
        if isinstance(content, list):
            texts = cast("list[dict[str, str]]", content)
            content = "".join(part.get("text", "") for part in texts)
        parts.append(str(content or ""))
    return "\n".join(parts)
