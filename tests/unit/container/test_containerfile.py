"""The text of a Containerfile."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from llmops.container.build import require_tags
from llmops.container.containerfile import Recipe, containerfile
from llmops.domain.release import Release
from llmops.errors import ConfigError

RELEASE = Release(
    name="reviews",
    number=3,
    created="2026-01-01T00:00:00+00:00",
    flow="flow/flow.dag.yaml",
    configuration={},
    inputs={},
    outputs=(),
    connections=(),
    packages={},
    lineage={"run": "reviews/1", "evidence": "e1", "code": {"commit": "c1", "dirty": False}},
    files={},
    digest="d1",
)
RECIPE = Recipe(release=RELEASE, wheel="llmops-1-py3-none-any.whl")


def lines(recipe: Recipe) -> list[str]:
    """Return the instructions, each on one line."""
    text = containerfile(recipe).replace(" \\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_it_serves_the_release_and_nothing_else() -> None:
    command = json.loads(lines(RECIPE)[-1].removeprefix("ENTRYPOINT "))
    assert command[:3] == ["/opt/llmops/bin/llmops", "serve", "/release/reviews/3"]
    assert command[5:] == ["--port", "8080", "--log-folder", "/var/log/llmops"]


def test_both_stages_have_the_same_base() -> None:
    stated = lines(replace(RECIPE, base="python:3.11@sha256:00"))
    assert stated[0] == "ARG BASE_IMAGE=python:3.11@sha256:00"
    assert [line for line in stated if line.startswith("FROM ")] == [
        "FROM ${BASE_IMAGE} AS build",
        "FROM ${BASE_IMAGE}",
    ]


def test_the_labels_say_where_it_comes_from() -> None:
    (labels,) = (line for line in lines(RECIPE) if line.startswith("LABEL "))
    for stated in (
        *('title="reviews"', 'version="3"', 'revision="c1"'),
        *('llmops.release="reviews/3"', 'llmops.digest="d1"'),
        *('llmops.run="reviews/1"', 'llmops.evidence="e1"'),
    ):
        assert stated in labels


def test_a_release_without_a_commit_has_no_revision() -> None:
    other = replace(RECIPE, release=replace(RELEASE, lineage={}))
    assert "revision" not in containerfile(other)


def test_no_user_of_the_image_is_root_and_nothing_is_downloaded_into_it() -> None:
    runtime = lines(RECIPE)
    runtime = runtime[runtime.index("FROM ${BASE_IMAGE}") :]
    assert "USER 10001:10001" in runtime
    assert not any("pip" in line or "apt-get" in line for line in runtime)


def test_the_embedded_model_gets_its_library() -> None:
    assert "libgomp1" in containerfile(replace(RECIPE, embedded=True))


def test_the_flows_own_packages_are_held_to_the_measured_versions() -> None:
    text = "\n".join(lines(replace(RECIPE, flow_requirements="flow/requirements.txt")))
    assert "COPY release/reviews/3/flow/requirements.txt /build/flow.txt" in text
    assert "--requirement /build/flow.txt --constraint /build/requirements.txt" in text
    assert "flow.txt" not in containerfile(RECIPE)


@pytest.mark.parametrize(
    "tag", ["reviews:3", "here:5000/a/b:x", "a.b/c_d__e-f", "localhost/reviews:V1.2"]
)
def test_names_of_images(tag: str) -> None:
    require_tags((tag,))


@pytest.mark.parametrize("tag", ["", "Reviews:3", "a//b", "a:b:c", "-a", "a b", "a:", "é"])
def test_names_that_no_engine_takes(tag: str) -> None:
    with pytest.raises(ConfigError, match="no engine takes it"):
        require_tags(("good:1", tag))
