"""Who has signed in, shown by a signature; the private key never comes here."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llmops.approvers import read_approvers
from llmops.errors import ApprovalError, Fault
from llmops.signing import is_signed, load_public_key
from llmops.viewing.refusal import Refused

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    from llmops.domain.approval import Approval


@dataclass(slots=True)
class Session:
    """The browser's session: whose key it has shown, and what was drafted to be signed.

    `name` is what `approvers.yaml` calls the key's owner; empty until somebody has signed in.
    """

    name: str = ""
    drafted: Approval | None = None
    _key: Ed25519PublicKey | None = field(default=None, repr=False)
    _challenge: str = field(default="", repr=False)

    def challenge(self) -> str:
        """Return a text to sign, good for one try; it can't be taken for an approval."""
        self._challenge = f"llmops view: sign in\n{secrets.token_urlsafe(32)}\n"
        return self._challenge

    def enter(self, project: Path, experiment: str, signature: str) -> None:
        """Sign in the reviewer of the experiment whose key signed the challenge.

        Raises:
            ApprovalError: when it is nobody's.
            ConfigError: when `approvers.yaml` is missing or wrong.
        """
        challenge, self._challenge = self._challenge, ""
        approvers = read_approvers(project, experiment)
        for reviewer in approvers.reviewers:
            key = load_public_key(reviewer.key)
            if challenge and is_signed(key, challenge.encode(), signature):
                self.name, self._key, self.drafted = reviewer.name, key, None
                return
        raise ApprovalError(f"this key is that of no reviewer in {approvers.label}")

    def leave(self) -> None:
        """Forget who signed in."""
        self.name, self._key, self.drafted = "", None, None

    def reviewer(self, project: Path, experiment: str) -> str:
        """Return the reviewer of the experiment who has signed in.

        Raises:
            Refused: when nobody has, or one who does not review this experiment.
            ConfigError: when `approvers.yaml` is missing or wrong.
        """
        if self._key is None:
            fault = Fault(where="reviewer", seen="nobody has signed in", next_step="sign in first")
            raise Refused(403, fault)
        approvers = read_approvers(project, experiment)
        for reviewer in approvers.reviewers:
            if load_public_key(reviewer.key) == self._key:
                return reviewer.name
        seen = f"{self.name} is no reviewer in {approvers.label}"
        raise Refused(403, Fault(where="reviewer", seen=seen))
