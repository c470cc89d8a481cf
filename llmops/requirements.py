"""The packages that a release needs, as they were when it was measured."""

from __future__ import annotations

import re
from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


def requirements(packages: Mapping[str, str], roots: Iterable[str] = ("llmops",)) -> list[str]:
    """Return `name==version` of the roots and of all that they need, in order of name.

    `packages` are the versions that the run recorded, by distribution; others are left out.
    """
    versions = {_normal(name): version for name, version in packages.items()}
    needed: set[str] = set()
    waiting = [_normal(name) for name in roots]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting.extend(_needed_by(name))
    return [f"{name}=={versions[name]}" for name in sorted(needed) if name in versions]


def distributions_of(modules: Iterable[str]) -> list[str]:
    """Return the installed distributions that have these modules, given by dotted names."""
    packages = metadata.packages_distributions()
    return [each for name in sorted(modules) for each in packages.get(name.partition(".")[0], ())]


def _needed_by(name: str) -> Iterator[str]:
    """Yield the names that a distribution needs without extras; markers are not evaluated."""
    try:
        stated = metadata.requires(name) or ()
    except metadata.PackageNotFoundError:
        return
    for each in stated:
        found = re.match(r"[\w.-]+", each)
        if found and "extra ==" not in each:
            yield _normal(found[0])


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
