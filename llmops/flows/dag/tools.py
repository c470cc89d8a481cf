"""What every kind of node is to the scheduler."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from llmops.domain.call import Answer
    from llmops.domain.flow import LineContext


class Tool(Protocol):
    """The work of one node, with everything that is the same for all lines prepared."""

    @property
    def optional(self) -> frozenset[str]:
        """Return the inputs with a default: they are left out when their source is bypassed."""
        ...

    async def answer(self, inputs: dict[str, object], context: LineContext) -> Answer:
        """Return the answer, shared with who asks the same; `inputs` are those that vary.

        Raises:
            Exception: whatever went wrong.
        """
        ...
