"""The first request to a new deployment, before anybody else's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from llmops.errors import TargetError
from llmops.registries.folder import FolderRegistry, releases_folder

if TYPE_CHECKING:
    from llmops.domain.deployment import Reply
    from llmops.domain.release import Release
    from llmops.rollout.endpoint import Endpoint


async def smoke_test(endpoint: Endpoint, name: str, release: Release) -> None:
    """Ask what the release was tried with; every output that it names must come.

    Raises:
        TargetError: saying what came instead.
    """
    registry = FolderRegistry(root=releases_folder(endpoint.project))
    folder = registry.folder(release.name, release.number)
    reply = await endpoint.target.ask(name, (folder / "sample-request.json").read_bytes())
    if fault := _fault(reply, release.outputs):
        raise TargetError(f"{name}: the smoke test failed: {fault}; traffic is as it was")


def _fault(reply: Reply, outputs: tuple[str, ...]) -> str:
    seen = reply.content[:300].decode("utf-8", "replace")
    if reply.status != 200:
        return f"status {reply.status}: {seen}"
    try:
        content: object = json.loads(reply.content)
    except ValueError:
        return f"the answer is not JSON: {seen}"
    if not isinstance(content, dict):
        return f"the answer is not a mapping of outputs: {seen}"
    missing = [name for name in outputs if name not in cast("dict[str, object]", content)]
    return f"the answer lacks {', '.join(missing)}" if missing else ""
