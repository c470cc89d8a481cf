"""What objects are called, and by which labels they are found again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from llmops.targets.kubernetes.objects import section

if TYPE_CHECKING:
    from llmops.targets.kubernetes.objects import Object

MANAGER: Final = "llmops"
"""Our name among those who apply fields, and the prefix of our labels."""
ENVIRONMENT: Final = f"{MANAGER}/environment"
ENDPOINT: Final = f"{MANAGER}/endpoint"
DEPLOYMENT: Final = f"{MANAGER}/deployment"
RELEASE: Final = f"{MANAGER}/release"
DIGEST: Final = f"{MANAGER}/digest"
LONGEST_NAME: Final = 63
_NAME: Final = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")  # a Service's: a letter first
_LABEL: Final = re.compile(r"[A-Za-z0-9]([-\w.]*[A-Za-z0-9])?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which endpoint of which environment."""

    environment: str
    endpoint: str

    def labels(self, deployment: str = "") -> dict[str, str]:
        """Return what marks the objects of a deployment; those of the endpoint without one."""
        labels = {ENVIRONMENT: self.environment, ENDPOINT: self.endpoint}
        return {**labels, DEPLOYMENT: deployment} if deployment else labels

    def selector(self, deployment: str = "") -> str:
        """Return the labels as the API server is asked for them."""
        return ",".join(f"{key}={value}" for key, value in self.labels(deployment).items())

    def owns(self, thing: Object, deployment: str = "") -> bool:
        """Return whether an object is this endpoint's, and not somebody else's of that name."""
        found = section(thing, "metadata", "labels")
        wanted = self.labels(deployment)
        return {key: found.get(key, "") for key in (*wanted, DEPLOYMENT)} == {
            DEPLOYMENT: "",
            **wanted,
        }

    def faults(self) -> list[str]:
        """Return what cannot be a label or a name."""
        stated = {"environment": self.environment, "endpoint": self.endpoint}
        return [
            *(fault for what, value in stated.items() if (fault := label_fault(what, value))),
            *_name_faults(object_name(self.endpoint)),
        ]


def object_name(endpoint: str, deployment: str = "") -> str:
    """Return the name of an endpoint's objects, or of a deployment's.

    >>> object_name("web_reviews", "Reviews.3")
    'web-reviews-reviews-3'
    """
    stated = f"{endpoint}-{deployment}" if deployment else endpoint
    return re.sub(r"[_.]", "-", stated).lower()


def deployment_faults(endpoint: str, deployment: str) -> list[str]:
    """Return why a deployment's objects cannot be called after it."""
    fault = label_fault("deployment", deployment)
    return [*([fault] if fault else []), *_name_faults(object_name(endpoint, deployment))]


def label_fault(what: str, value: str) -> str:
    """Return why a value cannot be a label's; empty when it can."""
    if len(value) <= LONGEST_NAME and _LABEL.fullmatch(value):
        return ""
    return f"{what}: {value!r}; allowed: 1 to 63 letters, digits and - _ ., no mark at either end"


def _name_faults(name: str) -> list[str]:
    if len(name) > LONGEST_NAME:
        return [f"name: {name} has {len(name)} characters; allowed: {LONGEST_NAME}"]
    if not _NAME.fullmatch(name):
        return [f"name: {name}; allowed: letters, digits and -, a letter first"]
    return []
