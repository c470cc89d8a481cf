"""`llmops status`: what serves an endpoint, and whether that is what it should be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from llmops.cli.options import Project
from llmops.cli.rollout import Environment, Experiment, Overrides, address

if TYPE_CHECKING:
    from llmops.domain.deployment import EndpointState
    from llmops.pipeline.endpoint_status import EndpointStatus


def status(
    experiment: Experiment,
    *,
    env: Environment,
    override: Overrides = None,
    project: Project = Path(),
) -> None:
    """Print the endpoint's deployments and shares; exit 6 when they are not as recorded."""
    import asyncio

    from llmops.errors import TargetError
    from llmops.pipeline.endpoint_status import endpoint_status
    from llmops.rollout.endpoint import open_endpoint

    async def look() -> EndpointStatus:
        async with open_endpoint(address(project, experiment, env, override)) as endpoint:
            return await endpoint_status(endpoint)

    seen = asyncio.run(look())
    print(f"endpoint {seen.endpoint}  {seen.state.address or 'no address'}")
    for line in _table(seen.state):
        print(line)
    if seen.latest:
        change = seen.latest.change
        said = f": {change.reason}" if change.reason else ""
        print(f"last {change.kind}: {seen.latest.time}, record {seen.latest.sequence}{said}")
        steps = " -> ".join(map(str, seen.plan.steps))
        print(f"plan: {steps} %, {seen.plan.bake_minutes:g} minutes at each")
    if seen.unlike:
        raise TargetError("\n".join(f"{seen.endpoint}: {line}" for line in seen.unlike))


def _table(state: EndpointState) -> list[str]:
    """Return a line for each deployment, aligned."""
    percent, mirror = state.routing.percent, state.routing.mirror
    rows = [
        (
            each.name,
            f"{percent.get(each.name, 0)} %",
            each.release,
            f"{each.status} {each.detail}".strip(),
            f"copies {mirror[each.name]} %" if mirror.get(each.name) else "",
        )
        for each in state.deployments
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
