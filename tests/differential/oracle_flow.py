"""What promptflow leaves to its command line before its executor can run a flow.

Done with its own functions: `additional_includes` and the variables of the flow's environment.
Beyond it: variants of more than one node at a time. And after a flow its modules are forgotten,
because promptflow would run the first flow's helper in the second.
"""

# promptflow is half typed, and what runs a flow in this process is private.
# pyright: reportPrivateUsage=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import copy
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from promptflow.connections import ConnectionProvider
    from promptflow.executor.flow_executor import FlowExecutor

    from llmops.domain.configuration import Configuration

Raw = dict[str, object]


class Provider:
    """promptflow asks this for connections by name."""

    def __init__(self, objects: Mapping[str, object]) -> None:
        self._objects = objects

    def get(self, name: object) -> object:
        # promptflow asks again for the connection of an llm node, with the object it was given.
        return self._objects[name] if isinstance(name, str) else name


def load_executor(
    configuration: Configuration, folder: Path, objects: Mapping[str, object]
) -> FlowExecutor:
    from promptflow._utils.yaml_utils import load_yaml
    from promptflow.contracts.flow import Flow
    from promptflow.core._utils import update_dict_value_with_connections
    from promptflow.executor.flow_executor import FlowExecutor

    file = folder / "flow.dag.yaml"
    with file.open(encoding="utf-8") as stream:
        raw = compose(load_yaml(stream), configuration)
    flow = Flow._from_dict(raw, working_dir=folder, name=folder.name)
    variables = flow.get_environment_variables_with_overrides()
    known = {name: {"value": {**vars(each)}} for name, each in objects.items()}
    for name, each in objects.items():
        known[name]["value"] |= {**getattr(each, "configs", {}), **getattr(each, "secrets", {})}
    update_dict_value_with_connections(known, variables)
    os.environ.update(variables)
    return FlowExecutor._create_from_flow(
        flow,
        cast("ConnectionProvider", Provider(objects)),
        folder,
        flow_file=file,
        raise_ex=False,
    )


def compose(raw: Raw, configuration: Configuration) -> Raw:
    """Return the flow with one variant chosen per node and the parameters put in."""
    flow = copy.deepcopy(raw)
    variants = cast("dict[str, Raw]", flow.pop("node_variants", {}))
    nodes: list[Raw] = []
    for node in cast("list[Raw]", flow["nodes"]):
        name = cast("str", node["name"])
        chosen = node
        if node.get("use_variants"):
            of_node = variants[name]
            choice = configuration.variants.get(name, of_node["default_variant_id"])
            bodies = cast("dict[object, dict[str, Raw]]", of_node["variants"])
            chosen = {**copy.deepcopy(bodies[choice]["node"]), "name": name}
        nodes.append(chosen)
    for parameter, value in configuration.parameters.items():
        name, _, field = parameter.partition(".")
        node = next(node for node in nodes if node["name"] == name)
        cast("Raw", node.setdefault("inputs", {}))[field] = value
    return flow | {"nodes": nodes}


@contextmanager
def merged_folder(folder: Path) -> Generator[Path]:
    """Yield the flow's folder, with its additional includes copied in if it has any."""
    from promptflow._sdk._orchestrator.utils import remove_additional_includes
    from promptflow._sdk._utilities.general_utils import (
        _get_additional_includes,
        _merge_local_code_and_additional_includes,
    )

    if not _get_additional_includes(folder / "flow.dag.yaml"):
        yield folder
        return
    with _merge_local_code_and_additional_includes(code_path=folder) as merged:
        remove_additional_includes(Path(merged))
        yield Path(merged)


@contextmanager
def restored_interpreter() -> Generator[None]:
    """Forget what a flow did to the process: its modules, paths, folder and environment."""
    modules, paths = set(sys.modules), list(sys.path)
    here, variables = Path.cwd(), dict(os.environ)
    try:
        yield
    finally:
        for name in set(sys.modules) - modules:
            origin = getattr(sys.modules[name], "__file__", None) or ""
            if "site-packages" not in origin and "/lib/python" not in origin:
                del sys.modules[name]
        sys.path[:] = paths
        os.chdir(here)
        os.environ.clear()
        os.environ.update(variables)
