"""What every notifier has in common."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import ConfigDict, Field, SecretStr

SETTINGS: Final = ConfigDict(
    extra="forbid",
    frozen=True,
    coerce_numbers_to_str=True,
    populate_by_name=True,
    use_attribute_docstrings=True,
)
Secret = Annotated[SecretStr, Field(description="Best written as ${A_VARIABLE}.")]
NONE: Final = SecretStr("")
