from __future__ import annotations

import math
from dataclasses import replace

from fake_comparison import fake_comparison
from fake_reports import IDS, LABELS, figures, report

from llmops.domain.configuration import Configuration
from llmops.trackers.content import Content, content_of


def content(**values: float | None) -> Content:
    scores = {f"exact.{name}": value for name, value in values.items()}
    numbers = report({"a/b": scores}, {"a/b": scores}, taken=figures(cost=None))
    first = replace(
        numbers.configurations[0],
        configuration=Configuration(variants={"ask": "short"}, parameters={"ask.top_p": 0.5}),
    )
    numbers = replace(numbers, configurations=(first, *numbers.configurations[1:]))
    return content_of(numbers, fake_comparison(), (), tags={"more": "tags"}, artifacts=())


def test_what_is_not_known_is_left_out() -> None:
    entry = content(known=0.5, none=None, nan=math.nan).configurations[0]
    assert entry.metrics == {
        "a_b/exact.known": 0.5,
        "a_b/lines": 200,
        "a_b/errors": 0,
        "a_b/missing": 0,
        "a_b/p50_seconds": 0.75,
        "a_b/p95_seconds": 1.5,
    }


def test_a_configuration_is_told_by_what_was_chosen() -> None:
    first, second = content().configurations
    assert first.parameters == {"ask": "short", "ask.top_p": "0.5"}
    assert (first.key, first.name) == (f"20260102-030405-abcd/{IDS[0]}", LABELS[0])
    assert [each.tags["llmops.baseline"] for each in (first, second)] == ["true", "false"]
    assert [each.tags["llmops.recommended"] for each in (first, second)] == ["false", "true"]


def test_the_digest_changes_with_what_is_told_only() -> None:
    assert content(x=0.5).digest() == content(x=0.5).digest()
    assert content(x=0.5).digest() != content(x=0.25).digest()
    assert content(x=0.5).run.tags["more"] == "tags"
