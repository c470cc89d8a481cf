"""What a run shows: estimates, effects against the baseline, and the decision."""

from llmops.comparison.compare import compare
from llmops.comparison.runs import compare_runs

__all__ = ["compare", "compare_runs"]
