"""The section `target:` of a `deployment.yaml` with `kind: kubernetes`."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from llmops.errors import ConfigError, Fault
from llmops.targets.kubernetes.faults import faults, routing_faults

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager

    from llmops.domain.deployment import Deployment, Place, Routing, Target
    from llmops.domain.release import Release

_PLACEHOLDERS = ("name", "number")


class _Section(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, coerce_numbers_to_str=True, use_attribute_docstrings=True
    )


class Gateway(_Section):
    """The Gateway that requests come through; it is there already."""

    name: Annotated[str, Field(min_length=1)]
    namespace: str = ""
    """Empty: the target's own."""
    section: str = ""
    """One of its listeners; empty: all that fit."""


class Autoscaling(_Section):
    """How many instances there are, by their use of the processor."""

    min_instances: Annotated[int, Field(ge=1)] = 1
    max_instances: Annotated[int, Field(ge=1)]
    cpu_percent: Annotated[int, Field(ge=1, le=1000)] = 70
    """The use that is aimed at, in percent of `resources.cpu`."""

    @model_validator(mode="after")
    def _ordered(self) -> Autoscaling:
        if self.min_instances > self.max_instances:
            message = f"min_instances {self.min_instances} is above max_instances"
            raise ValueError(f"{message} {self.max_instances}")
        return self


class Network(_Section):
    """Who may reach an instance, and what it may reach."""

    clients: tuple[str, ...] = ()
    """Namespaces and address ranges (10.0.0.0/8); empty: all. The smoke test comes from the API
    server."""
    egress_ports: tuple[Annotated[int, Field(ge=1, le=65535)], ...] = (443,)
    """TCP ports, anywhere; names are always resolved."""


class KubernetesTarget(_Section):
    """A namespace of a cluster with the Gateway API."""

    kind: Literal["kubernetes"]
    kubeconfig: str = ""
    """A file, relative to the project; empty: $KUBECONFIG or ~/.kube/config."""
    context: str = ""
    """Empty: the kubeconfig's current one."""
    in_cluster: bool = False
    """Use the service account of the pod that llmops itself runs in."""
    namespace: Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")] = "default"
    image: Annotated[str, Field(min_length=1)]
    """Where the release's image is: `registry/{name}:{number}`, or a digest."""
    image_pull_secrets: tuple[str, ...] = ()
    gateway: Gateway
    hostnames: Annotated[tuple[str, ...], Field(max_length=16)] = ()
    """Empty: all of the Gateway's."""
    address: str = ""
    """Where clients reach it, for messages; empty: https and the first hostname."""
    answer_seconds: Annotated[int, Field(ge=0, le=86_400)] = 120
    """The longest that the Gateway waits for an answer; 0: for ever."""
    autoscaling: Autoscaling | None = None
    """Without it there are as many instances as the deployment states."""
    network: Network = Network()
    log_claim: str = ""
    """A PersistentVolumeClaim, ReadWriteMany, for the production log; empty: it goes with the
    instance."""
    labels: dict[str, str] = Field(default_factory=dict)
    annotations: dict[str, str] = Field(default_factory=dict)
    rollout_seconds: Annotated[int, Field(ge=1)] = 600
    """How long a deployment may take to become ready."""
    route_seconds: Annotated[int, Field(ge=1)] = 60
    """How long the Gateway may take to accept a change."""

    @field_validator("image")
    @classmethod
    def _known_placeholders(cls, image: str) -> str:
        named = {name for _, name, _, _ in string.Formatter().parse(image) if name is not None}
        if unknown := sorted(named - set(_PLACEHOLDERS)):
            raise ValueError(f"no such placeholder: {', '.join(unknown)}; allowed: name, number")
        return image

    def image_of(self, release: Release) -> str:
        """Return where the image of a release is."""
        return self.image.format(name=release.name, number=release.number)

    def faults(self, deployment: Deployment) -> Sequence[str]:
        """See `TargetKind.faults`."""
        return faults(self, deployment)

    def routing_faults(self, routing: Routing) -> Sequence[str]:
        """See `TargetKind.routing_faults`."""
        return routing_faults(routing)

    def open(self, place: Place) -> AbstractAsyncContextManager[Target]:
        """See `TargetKind.open`.

        Raises:
            ConfigError: when the client is not installed.
        """
        try:
            from llmops.targets.kubernetes.endpoint import open_endpoint
        except ModuleNotFoundError as error:
            fault = Fault(
                where="target.kind",
                seen=f"kubernetes: {error.name} is not installed",
                next_step="pip install 'llmops[kubernetes]'",
            )
            raise ConfigError([fault]) from error
        return open_endpoint(self, place)
