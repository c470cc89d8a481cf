"""What a page sends: JSON of a known form."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from llmops.viewing.refusal import invalid

if TYPE_CHECKING:
    from aiohttp import web

M = TypeVar("M", bound=BaseModel)


async def sent(request: web.Request, form: type[M]) -> M:
    """Return the request's content.

    Raises:
        Refused: naming the first field that is not as it must be.
    """
    try:
        return form.model_validate_json(await request.read())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "content"
        raise invalid(where, first["msg"]) from error
