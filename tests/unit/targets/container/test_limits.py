"""Kubernetes quantities as an engine's options."""

from __future__ import annotations

import pytest

from llmops.domain.deployment import Resources
from llmops.targets.container.limits import limits, quantity, resource_faults


@pytest.mark.parametrize(
    ("text", "number"),
    [("2", 2), ("1.5", 1.5), ("250m", 0.25), ("1k", 1000), ("1Ki", 1024), ("2Gi", 2 * 1024**3)],
)
def test_quantities(text: str, number: float) -> None:
    assert quantity(text) == pytest.approx(number)


@pytest.mark.parametrize("text", ["", "much", "-1", "1 Gi", "1gi", "1e3"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="allowed"):
        quantity(text)


def test_limits_are_those_that_are_stated() -> None:
    assert limits(Resources()) == ()
    stated = Resources(memory="128M", memory_limit="1Gi", cpu_limit="1500m")
    assert " ".join(limits(stated)) == (
        "--cpus 1.5 --memory 1073741824 --memory-reservation 128000000"
    )
    assert not [*resource_faults(stated)]
