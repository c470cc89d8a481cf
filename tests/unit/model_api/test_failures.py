"""How a provider's refusal is read."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from llmops.model_api.failures import refusal, retry_after

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "3"}, 3.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "-4"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "Sat, 21 Nov 2026 12:00:30 GMT"}, 30.0),
        ({"retry-after": "Sat, 21 Nov 2026 11:00:00 GMT"}, 0.0),
        ({"retry-after-ms": "120", "retry-after": "9"}, 0.12),
    ],
)
def test_retry_after_is_read_in_every_form(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "code", "kind", "retryable"),
    [
        (429, "rate_limit_exceeded", "rate_limit", True),
        (429, "insufficient_quota", "rate_limit", False),
        (408, "", "server", True),
        (409, "", "server", True),
        (500, "", "server", True),
        (503, "", "server", True),
        (400, "content_filter", "refused", False),
        (401, "invalid_api_key", "refused", False),
        (404, "DeploymentNotFound", "refused", False),
        (307, "", "refused", False),
    ],
)
def test_the_status_decides_what_it_is(
    status: int, code: str, kind: str, *, retryable: bool
) -> None:
    payload = json.dumps({"error": {"message": "because", "code": code}}).encode()
    failure = refusal(status, {"retry-after": "2"}, payload, str)
    assert (failure.kind, failure.retryable, failure.status) == (kind, retryable, status)
    assert failure.retry_after == (2.0 if retryable else None)
    assert str(failure) == f"HTTP {status}{code and ' ' + code}: because"


@pytest.mark.parametrize(("advice", "retryable"), [("true", True), ("false", False)])
def test_the_provider_may_say_whether_to_retry(advice: str, *, retryable: bool) -> None:
    status = 400 if retryable else 500
    assert refusal(status, {"x-should-retry": advice}, b"{}", str).retryable is retryable


@pytest.mark.parametrize("payload", [b"", b"<html>bad gateway</html>", b'{"error": "x"}', b"[1]"])
def test_any_error_page_is_a_failure(payload: bytes) -> None:
    assert str(refusal(502, {}, payload, str)).startswith("HTTP 502: ")


def test_a_long_error_page_is_cut_after_secrets_are_masked() -> None:
    page = b"x" * 495 + b"secret"
    message = str(refusal(500, {}, page, lambda text: text.replace("secret", "***")))
    assert len(message) <= 500
    assert "sec" not in message
