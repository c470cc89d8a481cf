"""The record of what was decided: who did what, in an order that cannot be changed unseen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

RecordKind = Literal[
    "pre-registration",
    "run",
    "comparison",
    "gate",
    "approval",
    "rejection",
    "release",
    "stage",
    "deletion",
    "traffic",
    "rollback",
    "monitor",
]
GENESIS = "0" * 64
"""What the first record has for the hash of the one before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRecord:
    """One line of the ledger.

    `sequence` counts from 1. `time` is UTC, in ISO 8601. `actor` is who or what acted: a reviewer's
    name, or the author that git or the CI names. `previous` and `hash` are sha256 in hex: the
    former of the record before, the latter of this one without its hash. `signature` is base64 of
    Ed25519 over the body's canonical JSON; empty for records that are only attributed.
    """

    sequence: int
    time: str
    kind: RecordKind
    actor: str
    body: Mapping[str, object]
    previous: str
    hash: str
    signature: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Something in the ledger, or in what it vouches for, that is not as it was."""

    where: str
    seen: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.where}: {self.seen}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What checking found; `head` is the hash of the last record, GENESIS for none."""

    records: tuple[LedgerRecord, ...]
    head: str
    breaks: tuple[Break, ...] = ()
    absent: tuple[str, ...] = field(default=())
    """Runs that the ledger names and that are not on this machine."""
