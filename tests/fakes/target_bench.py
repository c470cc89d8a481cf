"""What a kind of target offers to the tests of the protocol: an endpoint, and releases for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from llmops.domain.deployment import Deployment, Target, TargetKind


class TargetBench(Protocol):
    """One endpoint named `messages`, with nothing behind it at first."""

    @property
    def kind(self) -> TargetKind: ...

    @property
    def sticky(self) -> str:
        """Return by what it can keep a client at its deployment; empty where it cannot."""
        ...

    def open(self) -> AbstractAsyncContextManager[Target]:
        """Open the endpoint, as often as one likes: every time as another command would."""
        ...

    def deployment(self, name: str) -> Deployment:
        """Return a deployment that becomes ready."""
        ...

    def broken(self, name: str) -> Deployment:
        """Return one that does not, which shows soon; it differs from `deployment(name)`."""
        ...
