"""Builds, tags and pushes an image with whichever engine is there."""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from llmops.container.context import CONTAINERFILE
from llmops.errors import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from llmops.container_engine import Engine

_REFERENCE: Final = re.compile(
    r"(?:[\w.-]+(?::[0-9]+)?/)?"  # where it is kept
    r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*"
    r"(?::[A-Za-z0-9_][\w.-]{0,127})?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to build: `context` is a folder that was written for it, `pip_conf` pip's settings."""

    context: Path
    tags: tuple[str, ...]
    pip_conf: Path | None = None


def require_tags(tags: tuple[str, ...]) -> None:
    """Refuse what no engine takes as the name of an image.

    Raises:
        ConfigError: with each.
    """
    faults = [
        Fault(
            where=f"the image's name {tag!r}",
            seen="no engine takes it",
            allowed="allowed: [place/]name[:word], the name in small letters",
            next_step="give another with --tag",
        )
        for tag in tags
        if not _REFERENCE.fullmatch(tag)
    ]
    if faults:
        raise ConfigError(faults)


async def build(engine: Engine, order: Order, tell: Callable[[str], None]) -> str:
    """Return the digest of the image once it is built; `tell` gets the engine's lines.

    Raises:
        TargetError: when the engine fails.
    """
    # Only docker's own format keeps the health check.
    own = () if engine.name == "docker" else ("--format", "docker", "--layers")
    secret = ("--secret", f"id=pip.conf,src={order.pip_conf}") if order.pip_conf else ()
    with tempfile.TemporaryDirectory(prefix="llmops-build-") as folder:
        said = Path(folder) / "digest"
        await engine.run(
            *("build", *own, *secret, "--iidfile", str(said)),
            *("--file", str(order.context / CONTAINERFILE)),
            *(word for tag in order.tags for word in ("--tag", tag)),
            str(order.context),
            variables={"DOCKER_BUILDKIT": "1"},
            tell=tell,
        )
        return said.read_text(encoding="utf-8").strip()


async def push(engine: Engine, tag: str, tell: Callable[[str], None]) -> str:
    """Return the digest by which the registry has the image, once it has it.

    Raises:
        TargetError: when the engine fails.
    """
    if engine.name == "docker":
        await engine.run("push", tag, tell=tell)
        form = "{{range .RepoDigests}}{{println .}}{{end}}"
        known = await engine.run("image", "inspect", "--format", form, tag)
        name = tag.rpartition(":")[0] if ":" in tag.rpartition("/")[2] else tag
        found = [line for line in known.split() if line.startswith(f"{name}@")]
        return found[0].partition("@")[2] if found else ""
    with tempfile.TemporaryDirectory(prefix="llmops-push-") as folder:
        said = Path(folder) / "digest"
        await engine.run("push", "--digestfile", str(said), tag, tell=tell)
        return said.read_text(encoding="utf-8").strip()
