"""Text of a certain form: checked in words, and known to the editor's schema too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic_core import core_schema

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
    from pydantic.json_schema import JsonSchemaValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """An annotation of a text field: `pattern` is for the whole text, `allowed` says it in words.

    `shown` is whether a fault may show the text. `numbers`: YAML may have it as a number, too.
    """

    pattern: str
    allowed: str
    shown: bool = True
    numbers: bool = False

    def check(self, text: str) -> str:
        """Return the text.

        Raises:
            ValueError: when it is of another form.
        """
        if re.fullmatch(self.pattern, text):
            return text
        seen = repr(text) if self.shown else "not shown, as it may be a secret"
        raise ValueError(f"{seen}; allowed: {self.allowed}")

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> core_schema.CoreSchema:
        """Check what the type itself has accepted."""
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Add the pattern, which JSON schemas hold against any part of the text."""
        kind = ["string", "number"] if self.numbers else "string"
        return {**handler(schema), "type": kind, "pattern": f"^(?:{self.pattern})$"}
