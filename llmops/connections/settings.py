"""The fields that connections have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr

from llmops.errors import ConfigError, Fault

if TYPE_CHECKING:
    from pydantic.config import JsonDict

_ADDRESS: Final = ("api_base", "base_url", "api_endpoint", "endpoint")

Address = Annotated[str, Field(validation_alias=AliasChoices(*_ADDRESS))]
"""A URL under any of the names that files in use give it."""

Key = Annotated[SecretStr, Field(description="Best written as ${A_VARIABLE}.")]

NO_KEY: Final = SecretStr("")


def _all_spellings(schema: JsonDict) -> None:
    """Tell editors every name of the address."""
    properties = schema.get("properties")
    if isinstance(properties, dict) and _ADDRESS[0] in properties:
        properties.update(dict.fromkeys(_ADDRESS, properties[_ADDRESS[0]]))


class ConnectionSettings(BaseModel):
    """What every connection has."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        coerce_numbers_to_str=True,
        populate_by_name=True,
        use_attribute_docstrings=True,
        protected_namespaces=(),
        json_schema_extra=_all_spellings,
    )

    name: Annotated[str, Field(min_length=1)]
    """The name that flows use."""
    model: str = ""
    """Model or deployment of nodes that name none."""

    @property
    def where(self) -> str:
        """How messages name this connection."""
        return f"connections.{self.name}"

    def model_of(self, named: str) -> str:
        """See `Connection.model_of`."""
        return named or self.model

    def fault(self, seen: str, *, allowed: str = "", next_step: str = "") -> ConfigError:
        """Return the error of a connection that cannot be used as it is."""
        return ConfigError(
            [Fault(where=self.where, seen=seen, allowed=allowed, next_step=next_step)]
        )


def revealed(*keys: SecretStr) -> tuple[str, ...]:
    """Return the keys that are set."""
    return tuple(key.get_secret_value() for key in keys if key.get_secret_value())
