"""The conditions of release, held against what a run measured."""

from llmops.gating.gates import check_gates
from llmops.gating.measured import Unmeasured

__all__ = ["Unmeasured", "check_gates"]
