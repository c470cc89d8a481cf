"""What no service should be sent: requests drawn from a seed, and a flow with every type of input.

`FLOW` and `CODE` are the flow; it gives back what it was given.
"""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

FLOW = """\
inputs:
  text: {type: string}
  count: {type: int, default: 1}
  share: {type: double, default: 0.5}
  sure: {type: bool, default: true}
  items: {type: list, default: []}
  more: {type: object, default: {}}
  picture: {type: image, default: {"data:image/png;base64": "aaaa"}}
outputs:
  given: {type: object, reference: "${give_back.output}"}
nodes:
- name: give_back
  type: python
  source: {type: code, path: give_back.py}
  inputs:
    text: ${inputs.text}
    count: ${inputs.count}
    share: ${inputs.share}
    sure: ${inputs.sure}
    items: ${inputs.items}
    more: ${inputs.more}
    picture: ${inputs.picture}
"""
CODE = """\
from promptflow.core import tool


@tool
async def give_back(**inputs: object) -> dict:
    return inputs
"""
BOMB = gzip.compress(b" " * 50_000_000)
VALUES = (
    *(b"null", b"true", b"1", b"2.5", b'"a"', b"[]", b"{}", b"NaN", b"-Infinity", b"1e999"),
    *(b'"\\ud800"', b'"\xff"', b'"\xc0\x80"', b"9" * 5000, b"-" + b"9" * 400, b'"[[[[1]]]]"'),
    *(b'{"data:image/png;path": "/etc/passwd"}', b'{"data:image/png;base64": "a"}'),
    *(b'{"image_url": {"url": "http://127.0.0.1/"}}', b'{"data:image/png;base64": 5}'),
    b'{"data:image/png;base64": "%b!"}' % (b"A" * 40_000),
    *(b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'"' + b"[" * 20_000 + b"]" * 20_000 + b'"'),
)
NAMES = (b"text", b"count", b"share", b"sure", b"items", b"more", b"picture", b"other", b"", b"\0")
TYPES = ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a", "?")
PLACES = ("/score", "/feedback", "/health", "/ready", "/version", "/metrics", "/openapi.json", "/x")


@dataclass(frozen=True)
class Malformed:
    method: str
    path: str
    body: bytes
    headers: Mapping[str, str]


def draw_malformed(draw: Random) -> Malformed:
    """Return a request with something wrong in it: seldom, and by chance, there is nothing."""
    method, path, headers = "POST", "/score", {"Content-Type": "application/json"}
    body = json.dumps({"text": "a" * draw.randrange(50), "more": [1, {"b": None}]}).encode()
    match draw.randrange(9):
        case 0:
            method = draw.choice(["GET", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "ODD"])
            path = draw.choice(PLACES)
        case 1:
            headers = {"Content-Type": draw.choice(TYPES)}
        case 2:
            accepted = draw.choice(["text/html", ";;,", "a" * 2000])
            headers |= {"Accept": accepted, "X-Unit": "\t\xe9", "X-Request-Id": "../a"}
        case 3:
            headers |= {"Content-Encoding": draw.choice(["gzip", "deflate", "br", "odd"])}
            body = draw.choice([BOMB, b"no gzip", gzip.compress(body)[:-3], b""])
        case 4:
            path, body = "/feedback", b'{"request_id": %b}' % draw.choice(VALUES)
        case _:
            body = draw_body(draw, body)
    return Malformed(method, path, body, headers)


def draw_body(draw: Random, good: bytes) -> bytes:
    at = draw.randrange(len(good))
    match draw.randrange(4):
        case 0:
            return good[:at]
        case 1:
            return good[:at] + draw.randbytes(draw.randrange(1, 9)) + good[at:]
        case 2:
            return draw.randbytes(draw.randrange(70_000))
        case _:
            count = draw.randrange(1, 4)
            pairs = ((draw.choice(NAMES), draw.choice(VALUES)) for _ in range(count))
            return b"{%b}" % b", ".join(b'"%b": %b' % pair for pair in pairs)
