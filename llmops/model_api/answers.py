"""From the provider's JSON to a `ModelResponse`; what has no answer in it is a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from llmops.domain.call import ModelResponse, Usage
from llmops.model_api.failures import broken
from llmops.model_api.json_values import count, mapping, parsed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.call import Api

_ANSWER: Final[dict[Api, str]] = {"chat": "message", "completion": "text"}
"""Where a choice has its answer."""


def read_answer(payload: bytes, api: Api, model: str, seconds: float) -> ModelResponse:
    """Return the answer; `model` is what was asked for, where the provider does not name one.

    Raises:
        CallFailure: when the payload is no JSON or has no choice in it.
    """
    body = mapping(parsed(payload))
    if not body:
        raise broken(f"the answer is not a JSON object: {payload[:80]!r}")
    return as_response(body, api, model, seconds)


def as_response(body: Mapping[str, object], api: Api, model: str, seconds: float) -> ModelResponse:
    """Return the answer that is parsed already; see `read_answer`."""
    choices = body.get("choices")
    first = cast("list[object]", choices)[0] if isinstance(choices, list) and choices else None
    if mapping(first).get(_ANSWER[api]) is None:
        raise broken(f"the answer has no choice with a {_ANSWER[api]}: it has {', '.join(body)}")
    return ModelResponse(
        body=body,
        usage=_usage(mapping(body.get("usage"))),
        seconds=seconds,
        model=str(body.get("model") or model),
    )


def _usage(usage: Mapping[str, object]) -> Usage:
    return Usage(
        prompt_tokens=count(usage.get("prompt_tokens")),
        completion_tokens=count(usage.get("completion_tokens")),
        cached_tokens=count(mapping(usage.get("prompt_tokens_details")).get("cached_tokens")),
    )
