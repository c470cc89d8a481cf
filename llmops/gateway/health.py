"""Asks every instance, again and again, whether it is ready."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import aiohttp

from llmops.concurrency import for_each

if TYPE_CHECKING:
    from llmops.domain.traffic import HealthCheck
    from llmops.gateway.deployments import Deployments
    from llmops.gateway.instances import Instance

_LOG = logging.getLogger(__name__)
_AT_ONCE = 16


async def keep_checking(session: aiohttp.ClientSession, deployments: Deployments) -> None:
    """Check all of them each interval until cancelled."""
    while True:
        rules = deployments.configuration.health

        async def check(instance: Instance, rules: HealthCheck = rules) -> None:
            was_up = instance.up
            instance.checked(rules, good=await _is_ready(session, instance, rules))
            if instance.up != was_up:
                state = "back" if instance.up else "out"
                _LOG.warning("%s at %s is %s", instance.deployment, instance.address, state)

        await for_each(tuple(deployments.instances()), check, _AT_ONCE)
        await asyncio.sleep(rules.interval_seconds)


async def _is_ready(session: aiohttp.ClientSession, instance: Instance, rules: HealthCheck) -> bool:
    timeout = aiohttp.ClientTimeout(total=rules.timeout_seconds)
    try:
        async with session.get(
            f"{instance.origin}{rules.path}", timeout=timeout, allow_redirects=False
        ) as answer:
            await answer.read()
            return answer.status == 200
    except (aiohttp.ClientError, OSError):
        return False
