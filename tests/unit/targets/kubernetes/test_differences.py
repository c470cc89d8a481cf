"""What would change is said field by field; what the API server keeps for itself is not."""

from __future__ import annotations

from typing import Any

from llmops.targets.kubernetes.differences import differences


def thing(spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"kind": "Deployment", "metadata": {"name": "messages-blue", **metadata}, "spec": spec}


def test_an_object_that_is_not_there_is_new() -> None:
    assert differences(None, thing({})) == ["Deployment messages-blue: new"]


def test_what_is_the_same_is_not_told() -> None:
    live = thing({"a": [1]}, resourceVersion="1", managedFields=[{"manager": "llmops"}])
    wanted = thing({"a": [1]}, resourceVersion="2", generation=3)
    assert differences({**live, "status": {"replicas": 1}}, wanted) == []


def test_each_field_that_changes_is_told() -> None:
    live = thing({"replicas": 1, "gone": True, "containers": [{"name": "server", "image": "a"}]})
    wanted = thing({"replicas": 2, "new": "x", "containers": [{"name": "server", "image": "b"}]})
    assert differences(live, wanted) == [
        'Deployment messages-blue: spec.containers[server].image: "a" -> "b"',
        "Deployment messages-blue: spec.gone: true -> none",
        'Deployment messages-blue: spec.new: none -> "x"',
        "Deployment messages-blue: spec.replicas: 1 -> 2",
    ]


def test_a_long_value_is_cut() -> None:
    (line,) = differences(thing({"a": "x" * 500}), thing({"a": "y"}))
    assert len(line) < 200
