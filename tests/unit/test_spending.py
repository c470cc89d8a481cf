"""Prices and the budget."""

from __future__ import annotations

import pytest

from llmops.domain.call import CallFailure, Usage
from llmops.spending import Budget, Price, price_of


def test_cached_tokens_have_their_own_price() -> None:
    price = Price(input=10, output=30, cached_input=1)
    usage = Usage(prompt_tokens=1_000_000, completion_tokens=100_000, cached_tokens=400_000)
    assert price.of(usage) == pytest.approx(0.6 * 10 + 0.4 * 1 + 0.1 * 30)


def test_the_longest_matching_name_has_the_price() -> None:
    prices = {"gpt-4o": Price(input=1, output=1), "gpt-4o-mini": Price(input=2, output=2)}
    assert price_of("gpt-4o-mini-2024-07-18", prices) == prices["gpt-4o-mini"]
    assert price_of("gpt-4", prices) is None
    assert price_of("gpt-4omni", prices) is None


def test_the_call_limit_is_exact_and_failed_calls_are_given_back() -> None:
    budget = Budget(max_calls=2)
    budget.claim()
    budget.claim()
    budget.release()
    budget.claim()
    with pytest.raises(CallFailure, match=r"budget\.calls: 2 reached") as refused:
        budget.claim()
    assert refused.value.kind == "budget"
    assert budget.exhausted


@pytest.mark.parametrize(
    ("limits", "message"),
    [({"max_tokens": 30}, "budget.tokens: 30"), ({"max_cost": 0.5}, "budget.money: 0.5")],
)
def test_tokens_and_money_stop_the_next_call(limits: dict[str, float], message: str) -> None:
    budget = Budget(**limits)  # pyright: ignore[reportArgumentType] - one limit at a time
    budget.claim()
    budget.spend(Usage(prompt_tokens=20, completion_tokens=10), 0.5)
    with pytest.raises(CallFailure, match=message):
        budget.claim()
