"""Where releases are served: one file or folder per kind of target, chosen by `kind`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from llmops.targets.container import ContainerTarget
from llmops.targets.kubernetes import KubernetesTarget
from llmops.targets.local import LocalTarget

__all__ = ["AnyTarget"]

AnyTarget = Annotated[LocalTarget | KubernetesTarget | ContainerTarget, Field(discriminator="kind")]
