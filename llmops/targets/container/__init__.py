"""An endpoint on this machine: a gateway and, behind it, the containers of each deployment."""

from llmops.targets.container.target import ContainerTarget

__all__ = ["ContainerTarget"]
