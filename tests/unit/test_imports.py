"""What a flow's Python files import."""

from __future__ import annotations

import ast

from llmops.imports import imports_of


def test_imports_anywhere_in_the_code() -> None:
    code = "import a\nif a:\n    def f():\n        from b.c import d as e, g\n"
    assert sorted(imports_of(ast.parse(code))) == ["a", "b.c.d", "b.c.g"]


def test_relative_imports_are_the_flows_own() -> None:
    assert not [*imports_of(ast.parse("from . import a\nfrom .b import c\nfrom ..d import e\n"))]
