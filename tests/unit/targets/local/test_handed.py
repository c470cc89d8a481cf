"""What processes are handed, and how it is known again without being kept."""

from __future__ import annotations

from pathlib import Path

from llmops.domain.deployment import Place
from llmops.targets.local.handed import gateway_environment, is_fingerprint, new_fingerprint

VALUES = {"API_KEY": "correct-horse", "MODE": "fast"}


def test_the_same_values_are_known_again_in_any_order() -> None:
    mark = new_fingerprint(VALUES)
    assert is_fingerprint(mark, dict(reversed(VALUES.items())))
    assert not is_fingerprint(mark, {**VALUES, "MODE": "slow"})
    assert not is_fingerprint(mark, {"API_KEY": "correct-horse"})


def test_a_fingerprint_tells_nothing() -> None:
    first, second = new_fingerprint(VALUES), new_fingerprint(VALUES)
    assert first != second, "equal secrets of two deployments don't look equal"
    assert "horse" not in first


def test_a_gateway_gets_no_secret() -> None:
    variables = {"PATH": "/bin", "PYTHONPATH": "x", "API_KEY": "correct-horse"}
    place = Place(project=Path(), environment="dev", endpoint="messages", variables=variables)
    assert gateway_environment(place) == {"PATH": "/bin", "PYTHONPATH": "x"}
