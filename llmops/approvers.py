"""`approvers.yaml`: who may approve what, and how many it takes."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from llmops import yaml
from llmops.errors import ConfigError, Fault
from llmops.signing import load_public_key, public_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE: Final = "approvers.yaml"
Name = Annotated[str, Field(min_length=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Reviewer(_Section):
    """A person who reviews."""

    name: Name
    emails: Annotated[tuple[Name, ...], Field(min_length=1)]
    """As git or the CI knows the person: nobody approves a run of their own."""
    key: str
    """The public key: a line `ssh-ed25519 AAAA...`, or PEM."""

    @field_validator("key")
    @classmethod
    def _usable(cls, key: str) -> str:
        load_public_key(key)
        return key

    def is_author(self, author: str) -> bool:
        """Return whether a run's author is this person."""
        return _folded(author) in {_folded(each) for each in (self.name, *self.emails)}


class Rule(_Section):
    """What a release to one environment needs."""

    required: Annotated[int, Field(ge=1)] = 1
    """Distinct reviewers who approve."""
    reviewers: tuple[Name, ...] = ()
    """Who may; default: all."""
    max_traffic: Annotated[float, Field(ge=0, le=100)] = 100
    """The greatest percentage of traffic that an approval may allow."""
    max_days: Annotated[int, Field(ge=1)] = 90
    """How long an approval may be valid."""
    allow_author: bool = False
    """Whether the author of a run may approve it."""

    @field_validator("reviewers")
    @classmethod
    def _somebody(cls, reviewers: tuple[str, ...]) -> tuple[str, ...]:
        if not reviewers:
            raise ValueError("nobody; leave it out to let all reviewers approve")
        return reviewers


class Approvers(_Section):
    """The file; `digest` is the sha256 of its bytes."""

    reviewers: Annotated[tuple[Reviewer, ...], Field(min_length=1)]
    environments: Annotated[dict[str, Rule], Field(min_length=1)]
    digest: Annotated[str, Field(exclude=True)] = ""
    label: Annotated[str, Field(exclude=True)] = ""

    def reviewer(self, name: str) -> Reviewer | None:
        """Return the reviewer of that name."""
        return next((each for each in self.reviewers if each.name == name), None)

    def rule(self, environment: str) -> Rule | None:
        """Return the rule of an environment."""
        return self.environments.get(environment)


def find_approvers(project: Path, experiment: str) -> Path:
    """Return the experiment's file, else the project's.

    Raises:
        ConfigError: when there is none.
    """
    places = [project / "experiments" / experiment / FILE, project / "experiments" / FILE]
    for path in places:
        if path.is_file():
            return path
    allowed = f"looked for {' and '.join(_label(path, project) for path in places)}"
    step = "say who may approve: docs/how-to/approve-a-run.md"
    raise ConfigError([Fault(where=FILE, seen="no such file", allowed=allowed, next_step=step)])


def read_approvers(project: Path, experiment: str) -> Approvers:
    """Return who may approve runs of an experiment.

    Raises:
        ConfigError: with every fault of the file.
    """
    path = find_approvers(project, experiment)
    label = _label(path, project)
    raw = yaml.read(path, label)
    try:
        found = Approvers.model_validate(raw)
    except ValidationError as error:
        raise ConfigError([*_misfits(error, label)]) from None
    if faults := list(_faults(found, label)):
        raise ConfigError(faults)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return found.model_copy(update={"digest": digest, "label": label})


def _misfits(error: ValidationError, label: str) -> Iterator[Fault]:
    found = error.errors(include_url=False, include_input=False)
    wrong_inside = {each["loc"][:1] for each in found if len(each["loc"]) > 1}
    for each in found:
        if each["loc"] not in wrong_inside:  # it would only count what is left
            place = ".".join(map(str, each["loc"]))
            where = f"{label}: {place}" if place else label
            yield Fault(where=where, seen=each["msg"].removeprefix("Value error, "))


def _faults(found: Approvers, label: str) -> Iterator[Fault]:
    names = [each.name for each in found.reviewers]
    for name, count in Counter(names).items():
        if count > 1:
            yield Fault(where=f"{label}: reviewers", seen=f"{name!r} is there {count} times")
    keys = Counter(public_line(load_public_key(each.key)) for each in found.reviewers)
    if any(count > 1 for count in keys.values()):
        yield Fault(where=f"{label}: reviewers", seen="two reviewers have one key")
    for environment, rule in found.environments.items():
        where = f"{label}: environments.{environment}"
        for name in rule.reviewers:
            if name not in names:
                allowed = f"allowed: {', '.join(names)}"
                yield Fault(where=where, seen=f"no reviewer {name!r}", allowed=allowed)
        able = len(set(rule.reviewers or names))
        if rule.required > able:
            yield Fault(where=where, seen=f"{rule.required} approvals from {able} reviewers")


def _folded(name: str) -> str:
    """Return the name without what people don't see: case, outer spaces, composed accents."""
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _label(path: Path, project: Path) -> str:
    return path.relative_to(project).as_posix()
