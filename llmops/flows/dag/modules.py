"""Loads the Python files of flows so that two flows never see each other's modules.

The modules of a flow folder live in `sys.modules` as a package of their own, `flow_<digest>`.
Their `import` statements look there first: each runs with an `__import__` of its own, which also
serves imports inside functions that run later. `sys.path` stays as it is.
"""

from __future__ import annotations

import builtins
import contextlib
import hashlib
import importlib
import importlib.util
import re
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final

from llmops.flows.dag.promptflow_imports import serve_stand_ins

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PACKAGE: Final = "flow_"


class FlowModules:
    """The modules of one flow folder; a tool's file is executed once."""

    def __init__(self, folder: Path, digest: str) -> None:
        """Register the package; nothing is executed yet. `digest` is that of the folder's files."""
        self._folder = folder
        self._tools: dict[str, ModuleType] = {}
        content = f"{folder}\0{digest}".encode()
        self._package = _PACKAGE + hashlib.sha256(content).hexdigest()[:12]
        if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
            sys.meta_path.insert(0, _Finder())
        package = ModuleType(self._package)
        package.__path__ = [str(folder)]
        package.__spec__ = ModuleSpec(self._package, None, is_package=True)
        sys.modules.setdefault(self._package, package)

    def tool(self, source: str) -> ModuleType:
        """Return the module of a tool's file, executed in its folder as promptflow does.

        Raises:
            Exception: whatever the file raises.
        """
        if source not in self._tools:
            serve_stand_ins()
            name = re.sub(r"\W", "_", source)
            loader = _Loader(f"{self._package}.tool_{name}", str(self._folder / source))
            module = importlib.util.module_from_spec(ModuleSpec(loader.name, loader))
            module.__file__ = loader.path
            sys.modules[loader.name] = module
            try:
                with contextlib.chdir(self._folder):
                    loader.exec_module(module)
            except BaseException:
                del sys.modules[loader.name]
                raise
            self._tools[source] = module
        return self._tools[source]


class _Loader(SourceFileLoader):
    """Executes a module of a flow with the flow's own `__import__`."""

    def exec_module(self, module: ModuleType) -> None:
        package = module.__name__.partition(".")[0]
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": _Import(package)}
        super().exec_module(module)


class _Finder(MetaPathFinder):
    """Finds the modules below a flow's package, and loads them as the flow's own."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(_PACKAGE) or path is None:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec and isinstance(spec.loader, SourceFileLoader) and spec.origin:
            spec.loader = _Loader(fullname, spec.origin)
        return spec


class _Import:
    """The `__import__` of one flow: what lies in its folder comes before what is installed."""

    def __init__(self, package: str) -> None:
        self._package = package
        self._folder = Path(next(iter(sys.modules[package].__path__)))
        self._ours: dict[str, bool] = {}

    def __call__(
        self,
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002  the name Python passes
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        top = name.partition(".")[0]
        if level or not self._is_ours(top):
            try:
                return builtins.__import__(name, globals, locals, fromlist or (), level)
            except ModuleNotFoundError as error:
                if level or error.name != top or not (self._folder / top).is_dir():
                    raise
        found = importlib.import_module(f"{self._package}.{name}")
        for child in fromlist or ():
            if child != "*" and not hasattr(found, child) and hasattr(found, "__path__"):
                with contextlib.suppress(ModuleNotFoundError):
                    importlib.import_module(f"{found.__name__}.{child}")
        return found if fromlist else sys.modules[f"{self._package}.{top}"]

    def _is_ours(self, top: str) -> bool:
        if top not in self._ours:
            place = self._folder / top
            self._ours[top] = top not in sys.stdlib_module_names and (
                place.with_name(f"{top}.py").is_file() or (place / "__init__.py").is_file()
            )
        return self._ours[top]
