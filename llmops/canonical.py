"""The one byte form of a value, for digests and signatures."""

from __future__ import annotations

import hashlib
import json
from typing import Final

_JSON: Final = json.JSONEncoder(
    sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
)


def canonical(value: object) -> bytes:
    """Return JSON with sorted keys and without spaces, in UTF-8.

    >>> canonical({"b": 1, "a": "x"})
    b'{"a":"x","b":1}'

    Raises:
        ValueError, TypeError: for what JSON has no one form for, such as NaN.
    """
    return _JSON.encode(value).encode()


def digest(value: object) -> str:
    """Return the sha256 of the canonical form, in hex."""
    return hashlib.sha256(canonical(value)).hexdigest()
