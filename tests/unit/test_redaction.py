from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from llmops.redaction import Redactor

AWKWARD = 'p"ss/w\\rd+7é='


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"a": AWKWARD}),
        json.dumps({"a": AWKWARD}, ensure_ascii=False),
        json.dumps({"a": json.dumps({"b": AWKWARD})}),
        f"https://host/?key={quote(AWKWARD, safe='')}",
        base64.b64encode(f"user:{AWKWARD}".encode()).decode(),
        base64.b64encode(f"me:{AWKWARD}x".encode()).decode(),
        base64.urlsafe_b64encode(f"a:{AWKWARD}!?".encode()).decode(),
    ],
)
def test_a_secret_is_found_in_every_form_it_takes(text: str) -> None:
    redacted = Redactor([AWKWARD])(text)
    assert "***" in redacted
    for form in (AWKWARD, quote(AWKWARD, safe=""), json.dumps(AWKWARD)[1:-1]):
        assert form not in redacted


def test_base64_leaves_nothing_of_the_secret_to_decode() -> None:
    text = base64.b64encode(b"someone:correct-horse").decode()
    left = Redactor(["correct-horse"])(text).replace("***", "")
    assert b"orse" not in base64.b64decode(left + "=" * (-len(left) % 4))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":"sk-proj-abcdefghijkl0123"}', '{"a":"***"}'),
        (r'{"a":"line\nsk-abcdefghijklmnop0123"}', r'{"a":"line\n***"}'),
        ("Authorization: Bearer abcdefghij0123456789", "Authorization: Bearer ***"),
        (
            '{"authorization": "Basic dXNlcjpwYXNzd29yZA=="}',
            '{"authorization": "Basic ***"}',
        ),
        ("api-key: 0123456789abcdef0123", "api-key: ***"),
        (r'{"e":"{\"api_key\": \"0123456789abcdef0123\"}"}', r'{"e":"{\"api_key\": \"***\"}"}'),
    ],
)
def test_what_looks_like_a_key_is_replaced(text: str, expected: str) -> None:
    assert Redactor([])(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "task-management-of-everything-else",
        "the bearer of bad news",
        '{"api_key":null,"api_key_name":"x"}',
        "",
    ],
)
def test_ordinary_text_is_returned_as_it_is(text: str) -> None:
    assert Redactor(["a-long-secret"])(text) is text


@pytest.mark.parametrize("secret", ["123456", "0.25", "results", "dataset", "ataset"])
def test_a_secret_that_equals_a_number_or_a_field_leaves_the_record_whole(secret: str) -> None:
    record: dict[str, object] = {"dataset": "d", "results": {"t": 123456, "s": [0.251234567]}}
    text = json.dumps({**record, "a": f"it is <{secret}>"}, separators=(",", ":"))
    decoded = json.loads(Redactor([secret])(text))
    said = decoded.pop("a")
    assert decoded == record
    assert (secret in said) is (len(secret) < 6)


def test_a_secret_inside_another_leaves_no_rest() -> None:
    assert Redactor(["abcdef-1", "abcdef-1-longer"])("x abcdef-1-longer") == "x ***"
