"""Reads YAML 1.2 into plain values, where what is wrong comes with its line, and writes it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Protocol, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from llmops.errors import ConfigError, Fault

if TYPE_CHECKING:
    from pathlib import Path


class _Loader(Protocol):
    def load(self, stream: str) -> object: ...


class _Dumper(Protocol):
    default_flow_style: bool
    sort_base_mapping_type_on_output: bool
    width: int

    def dump(self, data: object, stream: io.StringIO) -> None: ...


class _Mark(Protocol):
    line: int


class _Marked(Protocol):
    problem: str | None
    problem_mark: _Mark | None


def parse(text: str, where: str) -> object:
    """Return the document's value; an empty document is None.

    Raises:
        ConfigError: with `where` and the line, also for a key that is there twice.
    """
    loader = cast("_Loader", YAML(typ="safe", pure=True))
    try:
        return loader.load(text)
    except MarkedYAMLError as error:
        marked = cast("_Marked", error)
        line = f", line {marked.problem_mark.line + 1}" if marked.problem_mark else ""
        # What follows would show a value, and a value may be a secret.
        seen = (marked.problem or "cannot be read").partition(" with value ")[0]
        raise ConfigError([Fault(where=where + line, seen=f"not valid YAML: {seen}")]) from None
    except (YAMLError, ValueError) as error:
        seen = f"not valid YAML: {str(error).partition(chr(10))[0]}"
        raise ConfigError([Fault(where=where, seen=seen)]) from None


def read(path: Path, where: str) -> object:
    """Return the value of a file.

    Raises:
        ConfigError: as `parse`, and when the file is missing or not UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigError([Fault(where=where, seen="no such file")]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError([Fault(where=f"{where}, line {line}", seen="not UTF-8")]) from None
    except OSError as error:
        raise ConfigError([Fault(where=where, seen=error.strerror or str(error))]) from None
    return parse(text, where)


def dump(value: object) -> str:
    """Return the value as a document, mappings in their own order."""
    dumper = cast("_Dumper", YAML(typ="safe", pure=True))
    dumper.default_flow_style = False
    dumper.sort_base_mapping_type_on_output = False
    dumper.width = 1000
    text = io.StringIO()
    dumper.dump(value, text)
    return text.getvalue()
