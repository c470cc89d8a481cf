from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from llmops.deployment.secret_places import SecretPlace, holds_a_key

PLACE: TypeAdapter[str] = TypeAdapter(SecretPlace)

KEYS = [
    "sk-proj-4f9a8b7c6d5e4f3a2b1c0d9e",
    "c0ffee4f9a8b7c6d5e4f3a2b1c0d9e11",
    "AKIA4F9A8B7C6D5E4F3A",
    "ghp_4f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e",
    "openai/4f9a8b7c6d5e4f3a2b1c0d9e",
    "correct horse battery staple",
]


@pytest.mark.parametrize(
    "place", ["OPENAI_API_KEY", "openai_key", "_X1", "openai/api-key", "team.prod/OPENAI_API_KEY"]
)
def test_says_where_a_value_is(place: str) -> None:
    assert PLACE.validate_python(place) == place


@pytest.mark.parametrize("key", KEYS)
def test_a_key_itself_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(ValidationError) as caught:
        PLACE.validate_python(key)
    (error,) = caught.value.errors()
    assert key not in error["msg"]


@pytest.mark.parametrize("place", ["", "${OPENAI_API_KEY}", "1KEY", "a/b/c", "Secret/key", "a/"])
def test_other_forms_are_refused(place: str) -> None:
    with pytest.raises(ValidationError, match="allowed: the name of a variable"):
        PLACE.validate_python(place)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "info"),
        ("GIT_COMMIT", "4f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e2f1a"),
        ("STOP_TOKEN", "<|im_end|>"),
        ("MAX_TOKENS", "1000000000000000000000000"),
        ("KEY", "id"),
    ],
)
def test_ordinary_variables_hold_no_key(name: str, value: str) -> None:
    assert not holds_a_key(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "sk-proj-4f9a8b7c6d5e4f3a2b1c0d9e"),
        ("AZURE_OPENAI_API_KEY", "c0ffee4f9a8b7c6d5e4f3a2b1c0d9e11"),
        ("AzureStorageAccountKey", "4f9a8b7c6d5e4f3a2b1c0d9e8f7a"),
        ("GITHUB_TOKEN", "ghp_4f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c4d3e"),
    ],
)
def test_a_key_among_variables_is_found_by_form_or_name(name: str, value: str) -> None:
    assert holds_a_key(name, value)
