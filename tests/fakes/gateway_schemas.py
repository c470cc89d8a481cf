"""The published schemas of the Gateway API, which stay outside of this repository."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, cast

FOLDER = Path(
    os.environ.get("LLMOPS_GATEWAY_SCHEMAS")
    or Path(__file__).parents[2].parent / "shared" / "specs" / "gateway-api"
)


def gateway_schema(plural: str) -> dict[str, Any] | None:
    """Return the schema of a kind with unknown keys forbidden; None where it is not at hand."""
    path = FOLDER / f"{plural}.v1.schema.json"
    if not path.is_file():
        return None
    schema = cast("dict[str, Any]", closed(json.loads(path.read_text("utf-8"))))
    schema["properties"] |= {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
    schema["properties"]["metadata"] = {"type": "object"}
    return schema


def closed(schema: object) -> object:
    """Return the schema with every mapping that names its keys closed to others."""
    if isinstance(schema, list):
        return [closed(each) for each in cast("list[object]", schema)]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(each) for key, each in cast("dict[str, object]", schema).items()}
    open_end = inner.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in inner
    if isinstance(inner.get("properties"), dict) and "type" in inner and not open_end:
        inner["additionalProperties"] = False
    return inner
