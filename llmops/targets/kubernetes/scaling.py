"""Who sets the number of instances: we, or the autoscaler. Passing it on must not change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llmops.targets.kubernetes.naming import MANAGER
from llmops.targets.kubernetes.objects import entries, section

if TYPE_CHECKING:
    from llmops.targets.kubernetes.objects import Object

KEEPER: Final = f"{MANAGER}-autoscaling"
"""Holds the number between us and the autoscaler: what nobody holds is reset to 1."""
_AUTOSCALERS: Final = frozenset({KEEPER, "kube-controller-manager"})


def kept_number(stated: Object, live: Object) -> Object | None:
    """Return what the keeper applies before we state no number; None when it is not ours."""
    if "replicas" in stated["spec"] or MANAGER not in _holders(live):
        return None
    metadata = {key: stated["metadata"][key] for key in ("name", "namespace")}
    kind = {key: stated[key] for key in ("apiVersion", "kind")}
    return {**kind, "metadata": metadata, "spec": {"replicas": live["spec"]["replicas"]}}


def is_taken_back(stated: Object, live: Object) -> bool:
    """Return whether we state a number where only an autoscaler has set another."""
    wanted = stated["spec"].get("replicas")
    holders = _holders(live)
    return wanted not in (None, live["spec"].get("replicas")) and holders <= _AUTOSCALERS


def _holders(live: Object) -> frozenset[str]:
    return frozenset(
        str(each["manager"])
        for each in entries(live, "metadata", "managedFields")
        if "f:replicas" in section(each, "fieldsV1", "f:spec")
    )
