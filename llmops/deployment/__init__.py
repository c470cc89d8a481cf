"""`deployment.yaml`: what is served where, and how its share grows."""

from llmops.deployment.deployment_file import DeploymentFile
from llmops.deployment.load import load_deployment
from llmops.deployment.traffic_plans import traffic_plans

__all__ = ["DeploymentFile", "load_deployment", "traffic_plans"]
