"""Reads YAML 1.2 into plain values; what is wrong comes with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, cast

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from llmops.errors import ConfigError, Fault

if TYPE_CHECKING:
    from pathlib import Path


class _Loader(Protocol):
    def load(self, stream: str) -> object: ...


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
