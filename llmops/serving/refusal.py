"""A request that is not answered as asked, in the words and the shape that clients know.

The body is promptflow's: `{"error": {"code": "UserError", "message": "..."}}`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llmops.domain.call import LineFailure
    from llmops.errors import Fault

DISCONNECTED: Final = 499
"""What the logs say of a client that did not wait; nobody is sent it."""

_STATUS: Final[Mapping[str, int]] = {
    "InputNotFound": 400,
    "InputTypeError": 400,
    "rate_limit": 503,
    "timeout": 504,
    "server": 502,
    "connection": 502,
    "broken_answer": 502,
    "refused": 502,
}
"""By the kind of a line's failure: the client's, the provider's; any other is the flow's own."""


@dataclass(eq=False)
class Refused(Exception):  # noqa: N818  an answer, no error of ours
    """An answer other than 200; `message` goes to the client, `kind` to the log."""

    status: int
    message: str
    kind: str = ""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def content(self) -> dict[str, object]:
        """Return the body."""
        code = "UserError" if self.status < 500 else "SystemError"
        return {"error": {"code": code, "message": self.message}}


def invalid(faults: Sequence[Fault]) -> Refused:
    """Return the refusal of what a client sent, one line for each fault."""
    return Refused(400, "\n".join(map(str, faults)), "invalid")


def failed(failure: LineFailure) -> Refused:
    """Return the answer to a request at which the flow failed."""
    status = _STATUS.get(failure.kind, 500)
    headers = {"Retry-After": "1"} if status == 503 else {}
    return Refused(status, str(failure), failure.kind, headers)
