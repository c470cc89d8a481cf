"""What went wrong with a call, in the words of the domain."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from llmops.domain.call import CallFailure
from llmops.model_api.json_values import mapping, parsed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LONGEST_MESSAGE: Final = 500
_FOR_GOOD: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
"""Error codes that come with 429 although waiting does not help."""


def refusal(
    status: int,
    headers: Mapping[str, str],
    payload: bytes,
    redacted: Callable[[str], str],
) -> CallFailure:
    """Return the failure that an answer other than 200 stands for."""
    error = mapping(mapping(parsed(payload)).get("error"))
    code = str(error.get("code") or error.get("type") or "")
    text = str(error.get("message") or payload[:_LONGEST_MESSAGE].decode(errors="replace"))
    shown = code if code and code != str(status) else ""
    message = f"HTTP {status}{shown and f' {shown}'}: {text}"
    kind = "rate_limit" if status == 429 else "server" if _is_temporary(status) else "refused"
    advice = headers.get("x-should-retry")
    retryable = advice == "true" if advice else kind != "refused" and code not in _FOR_GOOD
    return CallFailure(
        kind,
        redacted(message)[:_LONGEST_MESSAGE],
        status=status,
        retryable=retryable,
        retry_after=retry_after(headers, datetime.now(UTC)) if retryable else None,
    )


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that the provider asks to wait, at least 0; None where it says nothing.

    >>> retry_after({"retry-after-ms": "250"}, datetime.now(UTC))
    0.25
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return max(0.0, milliseconds / 1000)
    text = headers.get("retry-after", "")
    seconds = _number(text)
    if seconds is not None:
        return max(0.0, seconds)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())


def broken(message: str) -> CallFailure:
    """Return the failure of an answer that came, and may have been billed, but cannot be read."""
    return CallFailure("broken_answer", message[:_LONGEST_MESSAGE], status=200)


def _is_temporary(status: int) -> bool:
    return status in {408, 409} or status >= 500


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
