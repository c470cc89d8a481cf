"""Finds the one tool of a Python file, and what its parameters take."""

from __future__ import annotations

import inspect
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from llmops.flows.dag.promptflow_imports import is_tool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from types import FunctionType, ModuleType


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFunction:
    """The function below promptflow's decorator; `owner` is its class where it is a method.

    `parameters` are those of both: a node's inputs may name them.
    """

    function: Callable[..., object]
    owner: type | None
    owner_parameters: frozenset[str]
    parameters: Mapping[str, inspect.Parameter]
    takes_any: bool


def find_tool(module: ModuleType) -> ToolFunction:
    """Return the tool.

    Raises:
        ValueError: when the file has none, or more than one.
    """
    found = [*_functions(module), *_methods(module)]
    if len(found) != 1:
        names = ", ".join(function.__name__ for function, _ in found) or "none"
        raise ValueError(f"one function is marked with @tool in a tool's file, not {names}")
    function, owner = found[0]
    original = cast("Callable[..., object]", getattr(function, "__original_function", function))
    signature = inspect.signature(original).parameters
    own = {name: each for name, each in signature.items() if name != "self"}
    arguments = _init_parameters(owner) if owner else {}
    return ToolFunction(
        function=original,
        owner=owner,
        owner_parameters=frozenset(arguments),
        parameters={**arguments, **_named(own)},
        takes_any=any(each.kind is each.VAR_KEYWORD for each in own.values()),
    )


def _functions(module: ModuleType) -> Iterator[tuple[FunctionType, None]]:
    for _, value in inspect.getmembers(module, is_tool):
        if value.__module__ == module.__name__:
            yield value, None


def _methods(module: ModuleType) -> Iterator[tuple[FunctionType, type]]:
    provider = getattr(sys.modules.get("promptflow._core.tool"), "ToolProvider", None)
    if not isinstance(provider, type):
        return
    for _, owner in inspect.getmembers(module, inspect.isclass):
        if issubclass(owner, provider) and owner.__module__ == module.__name__:
            for _, method in inspect.getmembers(owner, is_tool):
                yield method, owner


def _init_parameters(owner: type) -> dict[str, inspect.Parameter]:
    found = inspect.signature(owner.__init__).parameters
    return {name: each for name, each in found.items() if name != "self"}


def _named(parameters: Mapping[str, inspect.Parameter]) -> dict[str, inspect.Parameter]:
    return {
        name: each
        for name, each in parameters.items()
        if each.kind not in (each.VAR_KEYWORD, each.VAR_POSITIONAL)
    }
