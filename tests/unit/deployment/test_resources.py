from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from llmops.deployment.resources import Cpu, Memory, ResourcesSection, quantity

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

CPU: TypeAdapter[str] = TypeAdapter(Cpu)
MEMORY: TypeAdapter[str] = TypeAdapter(Memory)
parse_quantity = cast(
    "Callable[[str], Decimal]", import_module("kubernetes.utils.quantity").parse_quantity
)


@pytest.mark.parametrize("text", ["1", "0.5", "500m", "2.25", "100m"])
def test_processors(text: str) -> None:
    assert CPU.validate_python(text) == text


@pytest.mark.parametrize("text", ["", "0", "0m", "0.5m", "-1", "1Gi", "half", "1 ", "1e3", "٣"])
def test_no_processors(text: str) -> None:
    with pytest.raises(ValidationError, match="allowed: processors"):
        CPU.validate_python(text)


@pytest.mark.parametrize("text", ["512Mi", "1Gi", "1.5Gi", "128974848", "1G", "1k"])
def test_memory(text: str) -> None:
    assert MEMORY.validate_python(text) == text


@pytest.mark.parametrize(
    "text", ["", "0", "0Mi", "512m", "512MB", "1 Gi", "1gi", "-1Gi", "Gi", "1e9"]
)
def test_no_memory_though_kubernetes_would_take_512m_for_half_a_byte(text: str) -> None:
    with pytest.raises(ValidationError, match="allowed: bytes"):
        MEMORY.validate_python(text)


@given(
    st.decimals(min_value="0.01", max_value="9999", places=2),
    st.sampled_from(["", "m", *"kMGTPE", *(f"{unit}i" for unit in "KMGTPE")]),
)
def test_a_quantity_is_what_kubernetes_reads(number: Decimal, unit: str) -> None:
    assert quantity(f"{number}{unit}") == parse_quantity(f"{number}{unit}")


def test_nothing_is_promised_above_the_limit() -> None:
    with pytest.raises(ValidationError) as caught:
        ResourcesSection(cpu="2", cpu_limit="1500m", memory="1025Mi", memory_limit="1Gi")
    assert "cpu 2 is more than cpu_limit 1500m; memory 1025Mi is more" in str(caught.value)


def test_all_of_the_limit_can_be_promised() -> None:
    stated = ResourcesSection(cpu="1", cpu_limit="1000m", memory="1Gi", memory_limit="1024Mi")
    assert stated.cpu == "1"
