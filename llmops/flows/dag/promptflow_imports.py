"""Stand-ins for the parts of promptflow that almost every tool imports.

`from promptflow.core import tool` costs seconds of processor time, and most flows want nothing
else of it. So `promptflow`, `promptflow.core` and their like are first served as small modules
with our own `tool`, `log_metric` and `trace`. Whatever else anyone asks of them takes the
stand-ins away and imports the real package.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Final, ParamSpec, TypeVar, cast

from llmops.flows.dag.metric_log import log_metric
from llmops.promptflow_switches import set_switches

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

P = ParamSpec("P")
R = TypeVar("R")


def tool(
    func: Callable[P, R] | None = None, **settings: object
) -> Callable[P, R] | Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a function as a tool, as promptflow's decorator does; its settings are for editors."""

    def mark(function: Callable[P, R]) -> Callable[P, R]:
        setattr(function, "__tool", None)
        setattr(function, "__type", settings.get("type"))
        return function

    return mark if func is None else mark(func)


def trace(func: Callable[P, R]) -> Callable[P, R]:
    """Leave the function as it is: nobody reads promptflow's traces here."""
    return func


_SERVED: Final[dict[str, dict[str, object]]] = {
    "promptflow": {"tool": tool, "log_metric": log_metric, "log_flow_metric": log_metric},
    "promptflow.core": {"tool": tool, "log_metric": log_metric, "log_flow_metric": log_metric},
    "promptflow.tracing": {"trace": trace},
    "promptflow._internal": {"tool": tool},
}


def serve_stand_ins() -> None:
    """Serve the stand-ins from now on, unless promptflow is there already."""
    served = any(isinstance(finder, _Finder) for finder in sys.meta_path)
    if not served and "promptflow" not in sys.modules:
        sys.meta_path.insert(0, _Finder())


def import_promptflow(name: str = "promptflow") -> ModuleType:
    """Import the real package, or a module of it, wherever the stand-ins were."""
    for found in [each for each in sys.modules.values() if isinstance(each, _StandIn)]:
        del sys.modules[found.__name__]
    sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
    if "promptflow" not in sys.modules:
        set_switches()
    return importlib.import_module(name)


def is_stand_in(name: str) -> bool:
    """Return whether a name such as `promptflow.core.tool` is served without the real package."""
    module, _, member = name.rpartition(".")
    return member in _SERVED.get(module, {})


def is_tool(function: object) -> bool:
    """Return whether either decorator marked it."""
    return isinstance(function, FunctionType) and hasattr(function, "__tool")


class _StandIn(ModuleType):
    def __getattr__(self, name: str) -> object:
        # Tools that look at every module (inspect, pytest) ask for names such as `__file__`.
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        real = import_promptflow(self.__name__)
        if not hasattr(real, name) and importlib.util.find_spec(f"{self.__name__}.{name}"):
            return importlib.import_module(f"{self.__name__}.{name}")
        return cast("object", getattr(real, name))


class _Finder(MetaPathFinder):
    """Serves the stand-ins; any other module of promptflow brings the real package."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if fullname in _SERVED:
            return ModuleSpec(fullname, _StandInLoader(), is_package=True)
        if not fullname.startswith("promptflow."):
            return None
        real = import_promptflow(fullname)
        return ModuleSpec(fullname, _Loaded(real))


class _StandInLoader(Loader):
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        vars(module).update(_SERVED[module.__name__])


class _Loaded(Loader):
    """Gives a module that is already imported to whoever asked before it was."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        del spec
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec
