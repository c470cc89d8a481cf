"""An endpoint on this machine: a gateway and, behind it, the processes of each deployment."""

from llmops.targets.local.target import LocalTarget

__all__ = ["LocalTarget"]
