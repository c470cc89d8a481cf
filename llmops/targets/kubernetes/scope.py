"""What every step of a verb needs: the API, the section of the file, which endpoint."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from llmops.errors import TargetError
from llmops.targets.kubernetes.naming import DEPLOYMENT
from llmops.targets.kubernetes.objects import SERVICE, name_of, title

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.targets.kubernetes.api import Api
    from llmops.targets.kubernetes.naming import Identity
    from llmops.targets.kubernetes.objects import Kind, Object
    from llmops.targets.kubernetes.target import KubernetesTarget


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One endpoint in one namespace."""

    api: Api
    target: KubernetesTarget
    identity: Identity

    async def own(self, kind: Kind, name: str, deployment: str = "") -> Object | None:
        """Return an object of this endpoint or deployment; None when there is none of that name.

        Raises:
            TargetError: when it is there and somebody else's.
        """
        found = await self.api.get(kind, name)
        if found is None or self.identity.owns(found, deployment):
            return found
        labels = self.identity.selector(deployment)
        raise TargetError(
            f"{title({'kind': kind.name, **found})}: it is there and without the labels {labels}; "
            "it is another endpoint's or not llmops': choose another name or namespace"
        )

    async def deployed(self) -> Mapping[str, str]:
        """Return the names of what is deployed, by their Service's."""
        services = await self.api.list(SERVICE, self.identity.selector())
        return {name_of(each): deployment_of(each) for each in services}


def deployment_of(thing: Object) -> str:
    """Return which deployment an object of ours belongs to."""
    return thing["metadata"]["labels"][DEPLOYMENT]
