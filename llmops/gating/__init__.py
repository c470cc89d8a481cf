"""The conditions of release, held against what a run measured."""

from llmops.gating.gates import check_gates

__all__ = ["check_gates"]
