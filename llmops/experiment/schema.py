"""The JSON schema of experiment.yaml, and of any file, generated from its fields."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from llmops.experiment.model import ExperimentFile

if TYPE_CHECKING:
    from pydantic import BaseModel

    from llmops.experiment.layers import Key, Raw


def schema_text() -> str:
    """Return the schema as it stands in `experiments/experiment.schema.json`."""
    return schema_of(ExperimentFile, "experiment.yaml")


def schema_of(model: type[BaseModel], title: str) -> str:
    """Return the schema of a file that the model reads, as text."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **model.model_json_schema(),
        "title": title,
    }
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def keys_beside(model: type[BaseModel], location: tuple[Key, ...]) -> list[str]:
    """Return the keys that the section at the location's parent may have."""
    root = model.model_json_schema()
    definitions = cast("dict[str, Raw]", root.get("$defs", {}))
    schema: Raw = root
    for part in location[:-1]:
        schema = _resolved(_inner(schema, part), definitions)
    return list(cast("Raw", schema.get("properties", {})))


def _inner(schema: Raw, part: Key) -> Raw:
    if isinstance(part, int):
        return cast("Raw", schema.get("items", {}))
    mapping = cast("dict[str, dict[str, str]]", schema.get("discriminator", {})).get("mapping", {})
    if part in mapping:
        return {"$ref": mapping[part]}
    properties = cast("dict[str, Raw]", schema.get("properties", {}))
    return properties.get(part, cast("Raw", schema.get("additionalProperties", {})))


def _resolved(schema: Raw, definitions: dict[str, Raw]) -> Raw:
    """Follow references; of alternatives take the section."""
    while True:
        if isinstance(name := schema.get("$ref"), str):
            schema = definitions[name.rpartition("/")[2]]
        elif sections := [each for each in _alternatives(schema) if "$ref" in each]:
            schema = sections[0]
        else:
            return schema


def _alternatives(schema: Raw) -> list[Raw]:
    if "discriminator" in schema:
        return []
    return cast("list[Raw]", schema.get("anyOf", schema.get("oneOf", [])))
