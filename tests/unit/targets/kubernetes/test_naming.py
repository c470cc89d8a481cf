"""Names and labels: what Kubernetes takes, and whose an object is."""

from __future__ import annotations

from typing import Any

import pytest

from llmops.targets.kubernetes.naming import Identity, deployment_faults, object_name

HERE = Identity(environment="dev", endpoint="messages")


def labelled(**labels: str) -> dict[str, Any]:
    names = {f"llmops/{key}": value for key, value in labels.items()}
    return {"metadata": {"name": "messages-blue", "labels": names}}


@pytest.mark.parametrize(
    ("endpoint", "deployment"),
    [("messages", "blue"), ("web_reviews", "Reviews.3"), ("a", "b" * 61), ("m", "9")],
)
def test_what_can_be_a_name_is_one(endpoint: str, deployment: str) -> None:
    assert deployment_faults(endpoint, deployment) == []


@pytest.mark.parametrize(
    ("endpoint", "deployment", "said"),
    [
        ("a", "b" * 62, "64 characters"),
        ("9lives", "blue", "a letter first"),
        ("messages", "blue/green", "blue/green"),
        ("messages", "blau-grün", "grün"),
        ("messages", "blue-", "no mark at either end"),
        ("messages", "", "1 to 63"),
    ],
)
def test_what_cannot_be_a_name_is_told(endpoint: str, deployment: str, said: str) -> None:
    assert said in "\n".join(deployment_faults(endpoint, deployment))


def test_names_that_differ_in_marks_only_are_the_same_and_told_apart_by_labels() -> None:
    assert object_name("a_b", "c") == object_name("a", "b.c")
    one, other = (Identity(environment="dev", endpoint=each) for each in ("a_b", "a"))
    found = {"metadata": {"name": "a-b-c", "labels": one.labels("c")}}
    assert one.owns(found, "c")
    assert not other.owns(found, "b.c")


@pytest.mark.parametrize(
    "thing",
    [
        labelled(),
        labelled(environment="dev", endpoint="messages"),
        labelled(environment="dev", endpoint="messages", deployment="green"),
        labelled(environment="prod", endpoint="messages", deployment="blue"),
        {"metadata": {"name": "messages-blue"}},
    ],
)
def test_what_is_somebody_elses_is_not_ours(thing: dict[str, Any]) -> None:
    assert not HERE.owns(thing, "blue")


def test_a_route_is_no_deployments() -> None:
    assert HERE.owns(labelled(environment="dev", endpoint="messages"))
    assert not HERE.owns(labelled(environment="dev", endpoint="messages", deployment="blue"))
