"""What calls cost, and when to stop: prices per model and a budget over a whole run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from llmops.domain.call import CallFailure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llmops.domain.call import Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Money per million tokens; cached input tokens cost `input` where they have no price."""

    input: float
    output: float
    cached_input: float | None = None

    def of(self, usage: Usage) -> float:
        """Return the cost in the currency of the price.

        >>> from llmops.domain.call import Usage
        >>> Price(input=1, output=4).of(Usage(prompt_tokens=500_000, completion_tokens=250_000))
        1.5
        """
        cached = self.input if self.cached_input is None else self.cached_input
        fresh_tokens = usage.prompt_tokens - usage.cached_tokens
        total = (
            fresh_tokens * self.input
            + usage.cached_tokens * cached
            + usage.completion_tokens * self.output
        )
        return total / 1_000_000


def price_of(model: str, prices: Mapping[str, Price]) -> Price | None:
    """Return the price of the model, or of the longest name it starts with (`gpt-4o-2024-08-06`).

    >>> price_of("gpt-4o-2024-08-06", {"gpt-4o": Price(input=1, output=2)}).output
    2
    """
    if model in prices:
        return prices[model]
    known = [name for name in prices if model.startswith(f"{name}-")]
    return prices[max(known, key=len)] if known else None


@dataclass(slots=True, kw_only=True)
class Budget:
    """Limits of one run, None where there is none, and what it has spent so far.

    Calls are claimed before they are sent, so their limit is exact; tokens and money are known
    after the answer, so calls in flight may pass those limits.
    """

    max_calls: int | None = None
    max_tokens: int | None = None
    max_cost: float | None = None
    calls: int = 0
    tokens: int = 0
    cost: float = 0.0
    exhausted: bool = field(default=False, init=False)

    def claim(self) -> None:
        """Reserve one call.

        Raises:
            CallFailure: of kind `budget` when a limit is reached.
        """
        over = (
            _reached("calls", self.calls, self.max_calls)
            or _reached("tokens", self.tokens, self.max_tokens)
            or _reached("money", self.cost, self.max_cost)
        )
        if over:
            self.exhausted = True
            raise CallFailure("budget", over)
        self.calls += 1

    def release(self) -> None:
        """Give back a claimed call that got no answer."""
        self.calls -= 1

    def spend(self, usage: Usage, cost: float | None) -> None:
        """Count an answered call."""
        self.tokens += usage.prompt_tokens + usage.completion_tokens
        self.cost += cost or 0.0


def _reached(what: str, spent: float, limit: float | None) -> str:
    return f"budget.{what}: {limit:g} reached" if limit is not None and spent >= limit else ""
