"""What an entry's source says of its inputs, without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
_TYPES: Final = {"str": "string", "int": "int", "float": "double", "bool": "bool", "list": "list"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """`annotation` is the last name of a plain annotation such as `core.OpenAIConnection`."""

    name: str
    annotation: str
    has_default: bool

    @property
    def type(self) -> str:
        """Return promptflow's name of the type; `object` takes anything."""
        return _TYPES.get(self.annotation, "object")


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySource:
    """`init` is empty for a function; `outputs` where the code does not tell."""

    name: str
    arguments: tuple[Argument, ...]
    init: tuple[Argument, ...]
    outputs: tuple[str, ...]
    aggregates: bool


def read_entry(text: str, name: str) -> EntrySource:
    """Return what the entry takes; without a name, that of the only entry the file has.

    >>> read_entry("def answer(question: str): ...", "").arguments[0].name
    'question'

    Raises:
        SyntaxError: when the file is no Python.
        ValueError: when there is no such entry, or no single one.
    """
    module = ast.parse(text)
    entries = {each.name: each for each in _entries(module)}
    if not name and len(entries) == 1:
        name = next(iter(entries))
    if name not in entries:
        seen = f"no function and no class with __call__ named {name!r}" if name else "no one entry"
        raise ValueError(f"{seen}; it has {', '.join(entries) or 'none'}")
    entry = entries[name]
    methods = _methods(entry) if isinstance(entry, ast.ClassDef) else {}
    call = methods["__call__"] if isinstance(entry, ast.ClassDef) else entry
    return EntrySource(
        name=name,
        arguments=tuple(_arguments(call)),
        init=tuple(_arguments(methods["__init__"])) if "__init__" in methods else (),
        outputs=_outputs(call, module),
        aggregates="__aggregate__" in methods,
    )


def _entries(module: ast.Module) -> Iterator[_Function | ast.ClassDef]:
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            if "__call__" in _methods(node):
                yield node
        elif isinstance(node, _Function) and not node.name.startswith("_"):
            yield node


def _methods(node: ast.ClassDef) -> dict[str, _Function]:
    return {each.name: each for each in node.body if isinstance(each, _Function)}


def _arguments(function: _Function) -> Iterator[Argument]:
    found = function.args
    plain = [*found.posonlyargs, *found.args]
    defaults = [None] * (len(plain) - len(found.defaults)) + [*found.defaults]
    pairs: Iterable[tuple[ast.arg, ast.expr | None]] = [
        *zip(plain, defaults, strict=True),
        *zip(found.kwonlyargs, found.kw_defaults, strict=True),
    ]
    for argument, default in pairs:
        if argument.arg != "self":
            yield Argument(
                name=argument.arg,
                annotation=_last_name(argument.annotation),
                has_default=default is not None,
            )


def _last_name(annotation: ast.expr | None) -> str:
    match annotation:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Constant(value=str(text)):
            return text.rpartition(".")[2]
        case ast.Subscript(value=value):
            return _last_name(value)
        case _:
            return ""


def _outputs(function: _Function, module: ast.Module) -> tuple[str, ...]:
    """Return the names in what the function says it returns: a plain value is `output`."""
    name = _last_name(function.returns)
    if name in _TYPES:
        return ("output",)
    for node in module.body:
        if isinstance(node, ast.ClassDef) and node.name == name:
            fields = [each.target for each in node.body if isinstance(each, ast.AnnAssign)]
            return tuple(each.id for each in fields if isinstance(each, ast.Name))
    return ()
