"""Whether approvals hold: asked when they are made, at registration, and again at deployment."""

from llmops.approval.faults import approval_bytes, signature_faults, unsigned_faults
from llmops.approval.required import approval_in, author_of, require_approval, require_evidence
from llmops.domain.approval import Claim

__all__ = [
    "Claim",
    "approval_bytes",
    "approval_in",
    "author_of",
    "require_approval",
    "require_evidence",
    "signature_faults",
    "unsigned_faults",
]
