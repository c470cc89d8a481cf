"""What a run has done so far: plain counters, written by the runner and read by a display."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Progress:
    """Counts of this process; `resumed_lines` were done by an earlier one.

    A line counts once per dataset line and repeat, whatever the number of trials; `errors` counts
    lines of single trials. `cost` is None until a call with a known price is answered.
    """

    lines_total: int = 0
    lines_done: int = 0
    resumed_lines: int = 0
    errors: int = 0
    calls: int = 0
    shared: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
