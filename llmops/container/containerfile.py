"""The text of a release's Containerfile."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from llmops.container_engine import IMAGE_LOGS, IMAGE_PORT, IMAGE_USER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.release import Release

BASE_IMAGE: Final = "python:3.11-slim-bookworm"
HEADER: Final = "# Written by llmops build."
_HEALTH: Final = (
    "import http.client as h; c = h.HTTPConnection('127.0.0.1', {port}, timeout=2); "
    "c.request('GET', '/health'); exit(c.getresponse().status != 200)"
)
_LOAD: Final = (
    "from pathlib import Path; from llmops.flows import load_flow; "
    "from llmops.domain.configuration import Configuration; "
    "load_flow(Path({flow!r})).configure(Configuration())"
)
_TEXT: Final = """\
{header} It has release {label}, {digest}.
#
# A base is held to one content by its digest: --build-arg BASE_IMAGE=<name>@sha256:<digest>.
# Packages have the versions that the release was measured with. For an index of your own give
# pip's configuration as the secret pip.conf; it stays out of the image.
ARG BASE_IMAGE={base}

FROM ${{BASE_IMAGE}} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore \\
    PYTHONDONTWRITEBYTECODE=1 XDG_CACHE_HOME=/tmp/cache
RUN ["python3", "-m", "venv", "/opt/llmops"]
COPY requirements.txt /build/
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \\
    /opt/llmops/bin/pip install --no-deps --requirement /build/requirements.txt
{flow_packages}COPY {wheel} /build/
RUN /opt/llmops/bin/pip install --no-deps --no-index /build/{wheel} \\
    && /opt/llmops/bin/pip uninstall --yes setuptools pip
COPY release/ /release/
# A package that is missing is found here, and not where this is deployed.
RUN {load}

FROM ${{BASE_IMAGE}}
{labels}
{system}RUN ["install", "--directory", "--owner={user}", "--group={user}", "{logs}"]
COPY --from=build /opt/llmops /opt/llmops
COPY release/ /release/
# Nothing is written but what is in {logs} and in /tmp: all else can be read-only.
ENV HOME=/tmp USER=llmops XDG_CACHE_HOME=/tmp/cache PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /release
USER {user}:{user}
EXPOSE {port}
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=120s --retries=3 \\
    CMD {health}
ENTRYPOINT {entrypoint}
"""
_FLOW_PACKAGES: Final = """\
COPY release/{file} /build/flow.txt
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \\
    /opt/llmops/bin/pip install --requirement /build/flow.txt --constraint /build/requirements.txt
"""
_EMBEDDED_MODEL: Final = """\
RUN apt-get update && apt-get install --yes --no-install-recommends libgomp1 \\
    && rm -rf /var/lib/apt/lists/*
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a release's image is made of, by names in the build's folder.

    `flow_requirements` is empty for a flow that needs no packages of its own. `embedded` is
    whether the model that comes with llmops answers.
    """

    release: Release
    wheel: str
    base: str = BASE_IMAGE
    flow_requirements: str = ""
    embedded: bool = False


def containerfile(recipe: Recipe) -> str:
    """Return the same text for the same recipe."""
    release, place = recipe.release, f"/release/{recipe.release.label}"
    own = recipe.flow_requirements
    return _TEXT.format(
        header=HEADER,
        label=release.label,
        digest=release.digest,
        base=recipe.base,
        wheel=recipe.wheel,
        flow_packages=_FLOW_PACKAGES.format(file=f"{release.label}/{own}") if own else "",
        system=_EMBEDDED_MODEL if recipe.embedded else "",
        load=_command("/opt/llmops/bin/python", "-c", _LOAD.format(flow=f"{place}/{release.flow}")),
        labels=_labels(release),
        user=IMAGE_USER,
        port=IMAGE_PORT,
        logs=IMAGE_LOGS,
        health=_command("/opt/llmops/bin/python", "-Sc", _HEALTH.format(port=IMAGE_PORT)),
        entrypoint=_command(
            *("/opt/llmops/bin/llmops", "serve", place),
            *("--host", "0.0.0.0", "--port", str(IMAGE_PORT), "--log-folder", IMAGE_LOGS),  # noqa: S104  a container's own address
        ),
    )


def _labels(release: Release) -> str:
    code = cast("Mapping[str, object]", release.lineage.get("code") or {})
    stated = {
        "org.opencontainers.image.title": release.name,
        "org.opencontainers.image.version": release.number,
        "org.opencontainers.image.revision": code.get("commit"),
        "llmops.release": release.label,
        "llmops.digest": release.digest,
        "llmops.run": release.lineage.get("run"),
        "llmops.evidence": release.lineage.get("evidence"),
    }
    pairs = [f"{key}={json.dumps(str(value))}" for key, value in stated.items() if value]
    return "LABEL " + " \\\n    ".join(pairs)


def _command(*words: str) -> str:
    """Return a command that is started without a shell."""
    return json.dumps(words, ensure_ascii=False)
