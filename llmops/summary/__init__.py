"""A run's records as the numbers of its report."""

from llmops.summary.summarise import summarise

__all__ = ["summarise"]
