"""What the API server refuses, as people are told it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, cast

from urllib3.exceptions import MaxRetryError

from llmops.errors import Fault, TargetError
from llmops.targets.kubernetes.objects import entries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CONFLICT: Final = re.compile(r'conflict with "([^"]+)"')
_LONGEST: Final = 2000


def refusal(where: str, namespace: str, status: int, content: bytes) -> TargetError:
    """Return the error for an answer of the API server that is none of 2xx."""
    said = _read(content)
    message = str(said.get("message") or content[:_LONGEST].decode("utf-8", "replace"))[:_LONGEST]
    causes = entries(said, "details", "causes")
    conflicts = [each for each in causes if each.get("reason") == "FieldManagerConflict"]
    if conflicts:
        return TargetError(str(_conflict(where, conflicts)))
    seen, next_step = {
        401: ("the cluster does not know who asks", "log in anew, or name another context"),
        403: (message, "have a role with this right bound to you in the namespace"),
        404: (message, _missing(message, namespace)),
    }.get(status, (f"refused with {status}: {message}", ""))
    return TargetError(str(Fault(where=where, seen=seen, next_step=next_step)))


def is_status(content: bytes) -> bool:
    """Return whether it is the API server that speaks, and not what is behind it."""
    return _read(content).get("kind") == "Status"


def unreachable(host: str, error: Exception) -> TargetError:
    """Return the error for an API server that does not answer."""
    reason = error.reason if isinstance(error, MaxRetryError) else error
    fault = Fault(
        where=host,
        seen=f"the API server does not answer: {reason}",
        next_step="see target.kubeconfig and target.context, and whether the cluster runs",
    )
    return TargetError(str(fault))


def _conflict(where: str, causes: Sequence[Mapping[str, Any]]) -> Fault:
    named = {
        found.group(1): None
        for each in causes
        if (found := _CONFLICT.search(str(each.get("message"))))
    }
    others = ", ".join(named) or "somebody else"
    fields = ", ".join(str(each.get("field")) for each in causes)
    return Fault(
        where=where,
        seen=f"{others} has set {fields}",
        allowed="llmops takes no field from another manager",
        next_step=f"have {others} give the field up, or set it to the value stated here",
    )


def _missing(message: str, namespace: str) -> str:
    if "namespaces" in message:
        return f"create the namespace: kubectl create namespace {namespace}"
    if "could not find the requested resource" in message or "page not found" in message:
        return "the cluster does not have this kind; an HTTPRoute needs the Gateway API, v1"
    return ""


def _read(content: bytes) -> Mapping[str, Any]:
    try:
        said: object = json.loads(content)
    except ValueError:
        return {}
    return cast("Mapping[str, Any]", said) if isinstance(said, dict) else {}
