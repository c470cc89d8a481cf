"""Prompt templates, compiled once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from jinja2 import TemplateSyntaxError, meta
from jinja2.sandbox import SandboxedEnvironment

from llmops.errors import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Template as Compiled

_IMAGE: Final = re.compile(r"!\[\s*image\s*\]\(\{\{\s*([^{}]+?)\s*\}\}\)")
"""`![image]({{photo}})` says that the input is an image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A sandboxed Jinja template; `images` are the variables that it shows as images.

    `illustrated` has each image on a line of its own; it is `plain` where there is none.
    """

    text: str
    variables: frozenset[str]
    images: frozenset[str]
    plain: Compiled
    illustrated: Compiled

    def render(self, inputs: Mapping[str, object]) -> str:
        """Return the text; variables that are missing are empty."""
        return self.plain.render(inputs)


@lru_cache(maxsize=512)
def compile_template(text: str, where: str) -> Template:
    """Return the template.

    Raises:
        ConfigError: when it is no valid Jinja.
    """
    environment = SandboxedEnvironment(trim_blocks=True, keep_trailing_newline=True)
    try:
        variables = frozenset(meta.find_undeclared_variables(environment.parse(text)))
        plain = environment.from_string(text)
        images = frozenset(_IMAGE.findall(text))
        apart = _IMAGE.sub(r"\n{{ \1 }}\n", text)
        illustrated = environment.from_string(apart) if images else plain
    except TemplateSyntaxError as error:
        seen = f"not a valid template: {error.message}"
        raise ConfigError([Fault(where=f"{where}, line {error.lineno}", seen=seen)]) from None
    return Template(
        text=text, variables=variables, images=images, plain=plain, illustrated=illustrated
    )
