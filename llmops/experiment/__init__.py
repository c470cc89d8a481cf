"""Experiments: `experiment.yaml` read, checked and resolved."""

from llmops.experiment.experiment import (
    Evaluator,
    EvaluatorDataset,
    Experiment,
    RunDataset,
    outputs_by_name,
)
from llmops.experiment.load import load
from llmops.experiment.mappings import compile_mappings

__all__ = [
    "Evaluator",
    "EvaluatorDataset",
    "Experiment",
    "RunDataset",
    "compile_mappings",
    "load",
    "outputs_by_name",
]
