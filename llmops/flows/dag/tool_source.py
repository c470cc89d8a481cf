"""What a Python tool's file says of its inputs, without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef

_SUFFIX: Final = "Connection"
"""Every connection class of promptflow ends so; so do almost all that users derive from them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolSource:
    """The inputs a tool takes; `connections` are those that get a connection object."""

    inputs: frozenset[str]
    connections: frozenset[str]
    takes_any: bool


def read_tool_source(text: str) -> ToolSource:
    r"""Return what the tool in this file takes.

    >>> read_tool_source("@tool\ndef f(a: str, c: CustomConnection): ...").connections
    frozenset({'c'})

    Raises:
        SyntaxError: when the file is no Python.
    """
    module = ast.parse(text)
    names = _tool_names(module)
    derived = {
        node.name
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef)
        and any(_is_connection(base, set()) for base in node.bases)
    }
    # With this import annotations are text at run time, and promptflow injects nothing.
    lazy = any(
        isinstance(node, ast.ImportFrom)
        and node.module == "__future__"
        and any(alias.name == "annotations" for alias in node.names)
        for node in module.body
    )
    functions = list(_tools(module, names))
    arguments = [argument for each in functions for argument in _arguments(each)]
    return ToolSource(
        inputs=frozenset(argument.arg for argument in arguments),
        connections=frozenset(
            argument.arg
            for argument in arguments
            if not lazy and argument.annotation and _is_connection(argument.annotation, derived)
        ),
        takes_any=any(each.args.kwarg for each in functions),
    )


def _tool_names(module: ast.Module) -> set[str]:
    """Return what the decorator is called here: `from promptflow.core import tool as pf_tool`."""
    names = {"tool"}
    for node in ast.walk(module):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("promptflow"):
            names.update(
                alias.asname for alias in node.names if alias.name == "tool" and alias.asname
            )
    return names


def _tools(module: ast.Module, names: set[str]) -> Iterator[_Function]:
    """Yield the decorated functions; for a method, its class's `__init__` too."""
    for node in module.body:
        if isinstance(node, _Function) and _decorated(node, names):
            yield node
        if isinstance(node, ast.ClassDef):
            methods = [each for each in node.body if isinstance(each, _Function)]
            tools = [each for each in methods if _decorated(each, names)]
            if tools:
                yield from tools
                yield from (each for each in methods if each.name == "__init__")


def _decorated(function: _Function, names: set[str]) -> bool:
    for decorator in function.decorator_list:
        found = decorator.func if isinstance(decorator, ast.Call) else decorator
        name = found.attr if isinstance(found, ast.Attribute) else getattr(found, "id", "")
        if name in names:
            return True
    return False


def _arguments(function: _Function) -> Iterator[ast.arg]:
    found = function.args
    for argument in (*found.posonlyargs, *found.args, *found.kwonlyargs):
        if argument.arg != "self":
            yield argument


def _is_connection(annotation: ast.expr, derived: set[str]) -> bool:
    """Return whether a class of connections is named anywhere in it (`Optional`, `Union`)."""
    for node in ast.walk(annotation):
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        if isinstance(name, str) and (name.endswith(_SUFFIX) or name in derived):
            return True
    return False
