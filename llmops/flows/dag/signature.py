"""How promptflow reads the type of a tool's parameter."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from enum import Enum
from inspect import Parameter
from types import NoneType
from typing import TYPE_CHECKING, Final, Union, cast, get_args, get_origin

if TYPE_CHECKING:
    from collections.abc import Container

_SIMPLE: Final[dict[object, str]] = {
    int: "int",
    float: "double",
    bool: "bool",
    str: "string",
    list: "list",
}

_SPECIAL: Final = {
    "Secret": "secret",
    "PromptTemplate": "prompt_template",
    "FilePath": "file_path",
    "Image": "image",
    "AssistantDefinition": "assistant_definition",
}
"""Classes of `promptflow.contracts`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterType:
    """A value type, or the connection classes that may be given; `custom` are strong types."""

    name: str
    connections: tuple[str, ...] = ()
    custom: tuple[str, ...] = ()

    @property
    def is_connection(self) -> bool:
        """Return whether a connection object is given."""
        return bool(self.connections)


def type_of(parameter: Parameter) -> ParameterType:
    """Return the type of the annotation, else of the default.

    `Optional` and `Union` are looked into; `X | Y`, generics and text annotations are objects.
    """
    annotation = cast("object", parameter.annotation)
    default = cast("object", parameter.default)
    if annotation is Parameter.empty and default is not Parameter.empty:
        annotation = type(default)
    options = _options(annotation)
    if all(_is_connection(option) for option in options):
        return _connection_type(options)
    return ParameterType(name=_value_type(options[0]) if len(options) == 1 else "object")


def _options(annotation: object) -> list[object]:
    if get_origin(annotation) is Union:
        options = [option for option in get_args(annotation) if option is not NoneType]
        return options or [annotation]
    return [annotation]


def _value_type(option: object) -> str:
    if isinstance(option, type):
        if issubclass(option, Enum):
            return "string"
        if option in _SIMPLE:
            return _SIMPLE[option]
        if option.__module__.startswith("promptflow.contracts."):
            return _SPECIAL.get(option.__name__, "object")
    return "object"


def _is_connection(option: object) -> bool:
    if not isinstance(option, type):
        return False
    # `promptflow.entities` has classes of the same names that stand for these.
    option = cast("type", getattr(option, "DATA_CLASS", option))
    return option in _registered() or _is_custom(option)


def _registered() -> Container[object]:
    """Return promptflow's connection classes; none can be named before it is imported."""
    manager = sys.modules.get("promptflow._core.tools_manager")
    found = cast("dict[str, object]", getattr(manager, "connections", {}))
    return list(found.values())


def _is_custom(option: type) -> bool:
    module = sys.modules.get("promptflow.core._connection")
    custom = cast("type | None", getattr(module, "CustomStrongTypeConnection", None))
    return custom is not None and issubclass(option, custom)


def _connection_type(options: list[object]) -> ParameterType:
    classes = [option for option in options if isinstance(option, type)]
    custom = tuple(option.__name__ for option in classes if _is_custom(option))
    plain = [option.__name__ for option in classes if option.__name__ not in custom]
    names = [*plain, "CustomConnection"] if custom else plain
    return ParameterType(name="connection", connections=tuple(names), custom=custom)
