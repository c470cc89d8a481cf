"""Which cluster, and as whom: the kubeconfig, or the pod that llmops runs in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from kubernetes import config
from kubernetes.client import ApiClient, Configuration
from kubernetes.config.config_exception import ConfigException

from llmops.errors import ConfigError, Fault
from llmops.targets.kubernetes.api import Api

if TYPE_CHECKING:
    from pathlib import Path

    from llmops.targets.kubernetes.target import KubernetesTarget


class _Config(Protocol):
    """What is used of `kubernetes.config`, which has no types."""

    def load_kube_config(
        self, config_file: str | None, context: str | None, client_configuration: Configuration
    ) -> None: ...

    def load_incluster_config(self, client_configuration: Configuration) -> None: ...


def connect(target: KubernetesTarget, project: Path) -> Api:
    """Return the API of the target's namespace; nothing is asked yet.

    Raises:
        ConfigError: when the kubeconfig cannot be used.
    """
    configuration, loader = Configuration(), cast("_Config", config)
    file = str((project / target.kubeconfig).expanduser()) if target.kubeconfig else None
    try:
        if target.in_cluster:
            loader.load_incluster_config(configuration)
        else:
            loader.load_kube_config(file, target.context or None, configuration)
    except (ConfigException, OSError) as error:
        fault = Fault(
            where="target.in_cluster" if target.in_cluster else "target.kubeconfig",
            seen=str(error),
            next_step="see that this file is there, and that target.context is one of its contexts",
        )
        raise ConfigError([fault]) from error
    return Api(ApiClient(configuration), target.namespace)
