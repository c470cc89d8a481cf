from __future__ import annotations

from enum import Enum
from inspect import Parameter
from typing import Optional, Union

import pytest

from llmops.flows.dag.signature import type_of
from llmops.flows.dag.value_types import convert

EMPTY = Parameter.empty
EITHER = Parameter.POSITIONAL_OR_KEYWORD


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("annotation", "default", "name"),
    [
        (int, EMPTY, "int"),
        (Optional[float], EMPTY, "double"),  # noqa: UP045  as tools are written
        (Union[int, str], EMPTY, "object"),  # noqa: UP007
        (Colour, EMPTY, "string"),
        ("bool", EMPTY, "object"),
        (list[str], EMPTY, "object"),
        (int | None, EMPTY, "object"),
        (EMPTY, True, "bool"),
        (EMPTY, None, "object"),
        (EMPTY, Colour.RED, "string"),
        (EMPTY, EMPTY, "object"),
    ],
)
def test_parameters_have_promptflows_types(annotation: object, default: object, name: str) -> None:
    parameter = Parameter("x", EITHER, annotation=annotation, default=default)
    assert type_of(parameter).name == name


@pytest.mark.parametrize(
    ("value", "type_name", "found"),
    [
        (None, "string", "None"),
        ("7", "int", 7),
        (2.9, "int", 2),
        ("1e3", "double", 1000.0),
        ("TRUE", "bool", True),
        ('["a"]', "list", ["a"]),
        ("[1]", "object", [1]),
        ("as it is", "object", "as it is"),
        (b"x", "image", b"x"),
    ],
)
def test_values_are_converted(value: object, type_name: str, found: object) -> None:
    assert convert(value, type_name) == found


@pytest.mark.parametrize(
    ("value", "type_name"),
    [("x", "int"), (None, "double"), (1, "bool"), ("yes", "bool"), ("{}", "list"), (5, "list")],
)
def test_what_has_another_type_is_refused(value: object, type_name: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        convert(value, type_name)
