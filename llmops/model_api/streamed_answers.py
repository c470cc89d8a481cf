"""An answer that comes in server-sent events: heard as it comes, and put together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from llmops.model_api.failures import broken
from llmops.model_api.json_values import mapping, parsed

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Mapping

    from llmops.domain.call import Listener, ModelRequest


def can_stream(request: ModelRequest) -> bool:
    """Tell whether somebody listens, and to one text: calls of tools come whole."""
    body = request.body
    alone = body.get("n") in (None, 1)
    return bool(request.listener and alone and not body.get("tools") and not body.get("functions"))


async def read_events(lines: AsyncIterable[bytes], listener: Listener) -> Mapping[str, object]:
    """Return what the provider would have answered at once.

    Raises:
        CallFailure: when an event cannot be read, or the answer has no end.
    """
    answer = _Answer(listener)
    async for line in lines:
        name, _, data = line.strip().partition(b":")
        if name == b"data" and data.strip() != b"[DONE]":
            event = mapping(parsed(data))
            if not event or "error" in event:
                raise broken(f"the answer broke off: {data[:200].decode(errors='replace')}")
            answer.add(event)
    return answer.whole()


@dataclass(slots=True)
class _Answer:
    listener: Listener
    _head: dict[str, object] = field(default_factory=dict[str, object])
    _text: list[str] = field(default_factory=list[str])
    _reason: object = None

    def add(self, event: Mapping[str, object]) -> None:
        # The last event has the usage, and no choice.
        self._head.update((name, value) for name, value in event.items() if value is not None)
        choices = event.get("choices")
        first = mapping(cast("list[object]", choices)[0] if choices else None)
        text = mapping(first.get("delta")).get("content", first.get("text"))
        if isinstance(text, str):
            self._text.append(text)
            if text:
                self.listener.hear(text)
        self._reason = first.get("finish_reason") or self._reason

    def whole(self) -> Mapping[str, object]:
        if not self._reason:
            raise broken("the answer broke off: it has no finish_reason")
        text = "".join(self._text) if self._text else None
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "finish_reason": self._reason, "message": message, "text": text}
        return {**self._head, "choices": [choice]}
