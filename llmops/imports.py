"""What the Python files of a flow import, without running them."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from llmops.errors import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def imported(folder: Path) -> frozenset[str]:
    """Return the dotted names that files below the folder import from elsewhere.

    `from a.b import c` is `a.b.c`. The standard library and the folder's own modules are left out;
    what is imported by a name that is only known when the code runs is not seen.

    Raises:
        ConfigError: when a file is no Python.
    """
    files = sorted(folder.rglob("*.py"))
    own = {path.stem for path in files} | {path.name for path in folder.rglob("*") if path.is_dir()}
    known = own | sys.stdlib_module_names
    names = {name for path in files for name in imports_of(_parsed(path, folder))}
    return frozenset(name for name in names if name.partition(".")[0] not in known)


def imports_of(module: ast.AST) -> Iterator[str]:
    r"""Yield the names that a module's code imports, wherever in it; relative ones are its own.

    >>> sorted(imports_of(ast.parse("import a.b, c\nfrom d import e\nfrom . import f")))
    ['a.b', 'c', 'd.e']
    """
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{each.name}" for each in node.names)


def _parsed(path: Path, folder: Path) -> ast.Module:
    try:
        return ast.parse(path.read_bytes())
    except (SyntaxError, ValueError) as error:
        where = path.relative_to(folder).as_posix()
        raise ConfigError([Fault(where=where, seen=f"not valid Python: {error}")]) from None
