from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fake_runs import configurations, manifest

from llmops.preregistration import changed_since, preregistration

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST: Mapping[str, Any] = {
    **manifest(configurations(2), 10, run_id="20260102-030405-abcd"),
    "analysis": {"objective": {"metric": "correct"}},
    "baseline": "1e955c23",
    "flow": {"digest": "f" * 64},
}


def test_what_was_stated_has_not_changed() -> None:
    stated = {"run": "reviews/x", **preregistration(MANIFEST)}
    assert stated["datasets"] == {each["name"]: each["sha256"] for each in MANIFEST["datasets"]}
    assert changed_since(stated, {**MANIFEST, "created": "later"}) == ()


@pytest.mark.parametrize(
    ("part", "changed"),
    [
        ({"analysis": {"objective": {"metric": "words"}}}, ("analysis", "digest")),
        ({"baseline": "00000000"}, ("baseline",)),
        ({"datasets": []}, ("datasets",)),
        ({"trials": []}, ("configurations",)),
        ({"flow": {"digest": "0" * 64}}, ("flow",)),
        ({"flow": None}, ("manifest",)),
        ({"analysis": float("nan")}, ("manifest",)),
    ],
)
def test_each_part_that_changed_is_named(
    part: Mapping[str, object], changed: tuple[str, ...]
) -> None:
    assert changed_since(preregistration(MANIFEST), {**MANIFEST, **part}) == changed
