"""The fields of `deployment.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from llmops.deployment.monitoring import MonitorSection
from llmops.deployment.names import Label, VariableName, VariableValue
from llmops.deployment.resources import ResourcesSection
from llmops.deployment.secret_places import SecretPlace
from llmops.deployment.traffic import TrafficSection
from llmops.experiment.matching import Matches
from llmops.experiment.section import Count, Section
from llmops.targets import AnyTarget
from llmops.targets.local import LocalTarget

if TYPE_CHECKING:
    from pydantic.config import JsonDict

_NO_OTHER_NAMES: Final[JsonDict] = {"additionalProperties": False}
"""JSON schemas hold a key's pattern against those that have it, and let the others pass."""

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class ProbeSection(Section):
    """How a target asks an instance whether it takes requests; 200 is yes."""

    path: Annotated[
        str, Matches(pattern=r"/[!-~]*", allowed="a path that begins with /, as /ready")
    ] = "/ready"
    interval_seconds: Seconds = 5
    timeout_seconds: Seconds = 2
    failures: Count = 3
    """How many noes in a row put an instance out."""
    startup_seconds: Seconds = 120
    """How long the first yes may take."""


class DeploymentSettings(Section):
    """How an experiment's releases are served in an environment."""

    endpoint: Label | None = None
    """The address's name. Default: the experiment's, as a DNS label."""
    target: AnyTarget = LocalTarget(kind="local")
    """Where it is served."""
    instances: Count = 1
    workers: Count = 1
    """Processes of one instance."""
    concurrency: Count = 32
    """Requests that a worker answers at once."""
    queue: Annotated[int, Field(ge=0)] = 64
    """Requests that may wait for a worker; others get 429."""
    timeout_seconds: Seconds = 60
    """Of one request."""
    log_sample: Annotated[float, Field(ge=0, le=1)] = 1.0
    """The share of requests in the production log."""
    resources: ResourcesSection = ResourcesSection()
    variables: dict[VariableName, VariableValue] = Field(
        default_factory=dict[str, str], json_schema_extra=_NO_OTHER_NAMES
    )
    """Environment variables of the instances."""
    secrets: dict[VariableName, SecretPlace] = Field(
        default_factory=dict[str, str], json_schema_extra=_NO_OTHER_NAMES
    )
    """Variable: where its value is. A variable of the environment or of .env; on Kubernetes
    <secret>/<key>."""
    probe: ProbeSection = ProbeSection()
    traffic: TrafficSection = TrafficSection()
    monitor: MonitorSection | None = None
    """What is watched after a release. Default: nothing is judged."""
