"""What the fields say together: each function yields the faults of one matter."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from llmops.deployment.model import DeploymentSettings
from llmops.deployment.names import LABEL, label_from
from llmops.deployment.secret_places import holds_a_key
from llmops.domain.deployment import Routing
from llmops.errors import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

    from llmops.deployment.stated import Stated
    from llmops.experiment.layers import Layers, Raw


def kind_of(target: object) -> str:
    """Return the kind that a section `target:` states; empty where it states none."""
    return str(cast("Raw", target).get("kind", "")) if isinstance(target, dict) else ""


def check_target(stated: Stated, layers: Layers) -> Iterator[Fault]:
    """Yield a fault where the template means an Azure endpoint and nobody states another target."""
    if not stated.meant_for or "target" in layers.merged:
        return
    target = cast("dict[str, Raw]", DeploymentSettings.model_json_schema()["properties"])["target"]
    kinds = cast("dict[str, Raw]", target["discriminator"])["mapping"]
    yield Fault(
        where=layers.sources[0][0],
        seen=f"it is for {stated.meant_for}, which is not served from here",
        allowed=f"allowed: another target, of the kinds {', '.join(kinds)}",
        next_step="state one, as --set target.kind=local, or write a deployment.yaml",
    )


def check_variables(settings: DeploymentSettings, layers: Layers) -> Iterator[Fault]:
    """Yield variables that hold a key, and those that are also secrets."""
    for name, value in settings.variables.items():
        if holds_a_key(name, value):
            yield Fault(
                where=layers.where("variables", name),
                seen="what looks like a key",
                allowed="a deployment file holds none",
                next_step=f"put it into the environment or .env, and here secrets: {{{name}: ...}}",
            )
        if name in settings.secrets:
            yield Fault(
                where=layers.where("secrets", name),
                seen="it is under variables, too",
                allowed="allowed: one of them",
            )


def check_endpoint(endpoint: str | None, experiment: str, layers: Layers) -> Iterator[Fault]:
    """Yield a fault when no endpoint can have the experiment's name and the file states none."""
    name = label_from(experiment)
    try:
        LABEL.check(endpoint or name)
    except ValueError as error:
        yield Fault(
            where=layers.where("endpoint"),
            seen=f"none is stated, and the experiment's name makes {error}",
            next_step="state endpoint",
        )


def check_routing(settings: DeploymentSettings, layers: Layers) -> Iterator[Fault]:
    """Yield what the plan wants of the traffic and the target cannot do."""
    plan = settings.traffic
    routing = Routing(mirror={"new": plan.mirror}, sticky=plan.sticky)
    for seen in settings.target.routing_faults(routing):
        yield Fault(where=layers.where("traffic"), seen=seen)
