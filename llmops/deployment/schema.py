"""The JSON schema of deployment.yaml, generated from its fields."""

from __future__ import annotations

from llmops.deployment.model import DeploymentSettings
from llmops.experiment.schema import schema_of


def schema_text() -> str:
    """Return the schema as it stands in `experiments/deployment.schema.json`."""
    return schema_of(DeploymentSettings, "deployment.yaml")
