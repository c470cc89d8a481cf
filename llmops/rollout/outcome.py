"""What a verb did, or would do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """`changes` are lines for people; none when everything is as it was asked for."""

    endpoint: str
    address: str
    changes: tuple[str, ...]
