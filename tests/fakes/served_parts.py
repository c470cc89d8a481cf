"""A release that is nothing but its name."""

from __future__ import annotations

from llmops.domain.release import Release

RELEASE = Release(
    name="reviews",
    number=3,
    created="2026-01-01T00:00:00+00:00",
    flow="flow/flow.dag.yaml",
    configuration={"id": "0123abcd", "label": "classify=few"},
    inputs={},
    outputs=(),
    connections=(),
    packages={},
    lineage={},
    files={},
    digest="0" * 64,
)
