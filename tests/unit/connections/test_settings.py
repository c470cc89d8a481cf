"""What a file may say about a connection."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from llmops.connections import AnyConnection

ADAPTER = TypeAdapter[AnyConnection](AnyConnection)
KEY = "k-3f9a-very-secret"


def parse(**fields: object) -> AnyConnection:
    return ADAPTER.validate_python({"name": "c", **fields})


def test_the_templates_connection_works_unchanged() -> None:
    connection = parse(
        connection_type="AzureOpenAIConnection",
        api_base="https://x.openai.azure.com/",
        api_key=KEY,
        api_type="azure",
        api_version="2023-07-01-preview",
    )
    assert connection.identity == "azure_openai https://x.openai.azure.com 2023-07-01-preview"


@pytest.mark.parametrize("spelling", ["api_base", "base_url", "api_endpoint", "endpoint"])
def test_the_address_has_several_names(spelling: str) -> None:
    fields = {"connection_type": "open_ai", "api_key": KEY, spelling: "http://127.0.0.1:1/v1"}
    assert parse(**fields).identity == "openai http://127.0.0.1:1/v1"
    schema = ADAPTER.json_schema()
    assert spelling in schema["$defs"]["OpenAIConnection"]["properties"]


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("AzureOpenAIConnection", "azure_open_ai"),
        ("OpenAIConnection", "open_ai"),
        ("ServerlessConnection", "serverless"),
        ("CognitiveSearchConnection", "cognitive_search"),
    ],
)
def test_promptflows_two_spellings_are_one_kind(name: str, short: str) -> None:
    fields = {"api_base": "http://x", "api_key": KEY}
    long, brief = parse(connection_type=name, **fields), parse(connection_type=short, **fields)
    assert type(long) is type(brief)
    assert long.identity == brief.identity


@pytest.mark.parametrize(
    "fields",
    [
        {"connection_type": "OpenAIConnection", "api_key": KEY},
        {"connection_type": "custom", "secrets": {"token": KEY}, "configs": {"url": "http://x"}},
        {"connection_type": "serp", "api_key": KEY},
    ],
)
def test_a_key_is_known_and_never_shown(fields: dict[str, object]) -> None:
    connection = parse(**fields)
    assert connection.secrets == (KEY,)
    for shown in (repr(connection), str(connection), connection.identity):
        assert KEY not in shown
    assert KEY not in connection.model_dump_json()


@pytest.mark.parametrize(
    "fields",
    [
        {"connection_type": "OpenAIConnection", "api_kye": KEY},
        {"connection_type": "NoSuchConnection"},
        {"connection_type": "AzureOpenAIConnection", "api_key": KEY},
        {"connection_type": "embedded", "model": "gpt-4o"},
    ],
)
def test_what_does_not_fit_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        parse(**fields)
