"""Every error this package raises on purpose, and the exit code of each.

LLMOpsError            1   a defect of this package, or an unforeseen failure
├── ConfigError        2   the experiment, the data, the environment or the command line is wrong
├── FlowError          3   a flow cannot be loaded, or too many of its lines failed
├── GateError          4   a gate is not met
├── ApprovalError      5   evidence, ledger or approval does not verify
├── TargetError        6   a serving target refused or did not become ready
└── Interrupted      130   Ctrl-C or SIGTERM; what was answered is on disk
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class LLMOpsError(Exception):
    """The root; `exit_code` is what the command line exits with."""

    exit_code = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong: `where: seen; allowed; next_step`."""

    where: str
    seen: str
    allowed: str = ""
    next_step: str = ""

    def __str__(self) -> str:
        """Return the fault as one line; empty parts are left out."""
        rest = "; ".join(part for part in (self.seen, self.allowed, self.next_step) if part)
        return f"{self.where}: {rest}"


class ConfigError(LLMOpsError):
    """All faults of the configuration, found together before anything is paid."""

    exit_code = 2

    def __init__(self, faults: Sequence[Fault]) -> None:
        """Keep the faults in the order found; the message has one line each."""
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class FlowError(LLMOpsError):
    """A flow cannot be loaded, or a run failed as a whole."""

    exit_code = 3


class GateError(LLMOpsError):
    """One or more gates are not met."""

    exit_code = 4


class ApprovalError(LLMOpsError):
    """Evidence, ledger or approval does not verify."""

    exit_code = 5


class TargetError(LLMOpsError):
    """A serving target refused, failed or did not become ready."""

    exit_code = 6


class Interrupted(LLMOpsError):  # noqa: N818
    """The user or the system ended the run; it can be resumed."""

    exit_code = 130
