"""Releases served on Kubernetes, behind the weighted routes of the Gateway API."""

from __future__ import annotations

from llmops.targets.kubernetes.rendering import Rendered, render_manifests
from llmops.targets.kubernetes.target import KubernetesTarget

__all__ = ["KubernetesTarget", "Rendered", "render_manifests"]
