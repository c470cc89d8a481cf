"""Secrets never reach a file: they are replaced in the text that is about to be written."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK: Final = "***"
SHORTEST_SECRET: Final = 6
"""A shorter value can't be told from ordinary text; only the shapes below catch it."""

# Each shape has cheap markers: its pattern is searched for only where one of them occurs.
_SHAPES: Final = (
    (("sk-",), re.compile(r"(?:(?<![\w-])|(?<=\\[nrt]))sk-(?=[\w-]*\d)[\w-]{16,}")),
    (("earer ", "EARER "), re.compile(r"(?<=bearer )[\w.~+/=-]{16,}", re.IGNORECASE)),
    (
        ("uthorization", "UTHORIZATION"),
        re.compile(r"(?<=authorization)(\W{1,8}basic )[\w+/=-]{8,}", re.IGNORECASE),
    ),
    (
        ("api-key", "api_key", "Api-Key", "API_KEY", "API-KEY"),
        re.compile(
            r"(?<=api[-_]key)(\\?[\"']\s?[:=]\s?\\?[\"']|\s?[:=]\s?)[\w.+/=-]{16,}",
            re.IGNORECASE,
        ),
    ),
)


class Redactor:
    """Replaces known secrets, and what looks like one, by `***`.

    Made for serialised JSON: a replacement never breaks it. A secret is also found as it stands
    escaped in JSON, in a URL, and inside base64 at any offset.
    """

    def __init__(self, secrets: Iterable[str]) -> None:
        """Prepare the forms of every secret that is long enough to be one."""
        forms = {
            form for secret in secrets if len(secret) >= SHORTEST_SECRET for form in _forms(secret)
        }
        # Longest first: a secret inside another must not leave the rest of it behind.
        self._patterns = tuple(
            (form, _pattern(form)) for form in sorted(forms, key=lambda form: (-len(form), form))
        )

    def __call__(self, text: str) -> str:
        """Return the text without secrets; the same object where there are none.

        >>> Redactor(["correct-horse"])('{"a":"key is correct-horse"}')
        '{"a":"key is ***"}'
        """
        for form, pattern in self._patterns:
            if form in text:
                text = pattern.sub(MASK, text)
        for markers, pattern in _SHAPES:
            if any(marker in text for marker in markers):
                text = pattern.sub(_masked, text)
        return text


def _masked(match: re.Match[str]) -> str:
    """Keep what stands between a header's name and its value."""
    return "".join(match.groups()) + MASK


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield json.dumps(json.dumps(secret))[3:-3]  # JSON that a model or a tool answers as text
    yield quote(secret, safe="")
    yield quote_plus(secret)
    for offset in range(3):
        padded = b"\0" * offset + secret.encode()
        encoded = base64.b64encode(padded).decode().rstrip("=")
        # The first and last characters share bits with whatever the neighbours are.
        inner = encoded[(0, 2, 3)[offset] : None if len(padded) % 3 == 0 else -1]
        yield inner
        yield inner.translate(str.maketrans("+/", "-_"))


def _pattern(form: str) -> re.Pattern[str]:
    escaped = re.escape(form)
    if re.fullmatch(r"[\d.eE+-]+", form):  # may equal a measured number: leave JSON's numbers whole
        return re.compile(rf"(?<![\d.eE+\-:\[,\s]){escaped}|{escaped}(?![\d.eE+\-,}}\]\s])")
    if re.fullmatch(r"[a-z_]+", form):  # may equal a field of the record: leave JSON's keys whole
        return re.compile(rf'(?<!["\w]){escaped}|{escaped}(?!"\s?:|\w)')
    return re.compile(escaped)
