"""Renders pages. Jinja escapes every value, and no page has a script or a style of its own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from llmops.viewing import wording

if TYPE_CHECKING:
    from llmops.viewing.viewer import Viewer

_FOLDER: Final = Path(__file__).parent / "templates"


class Pages:
    """The templates, and what each of them is given."""

    def __init__(self, viewer: Viewer) -> None:
        """Load the templates."""
        self._viewer = viewer
        self._environment = Environment(
            loader=FileSystemLoader(_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters |= wording.FILTERS

    def text(self, template: str, path: str, **values: object) -> str:
        """Return the page at a path."""
        return self._environment.get_template(template).render(
            project=self._viewer.project.name,
            reviewer=self._viewer.session.name,
            request_path=path,
            **values,
        )

    def error(self, status: int, words: str) -> str:
        """Return the page of a refusal; it tells nothing of the project."""
        return self._environment.get_template("error.html").render(status=status, words=words)


PAGES: Final = web.AppKey("pages", Pages)


def page(request: web.Request, template: str, **values: object) -> web.Response:
    """Answer with a page."""
    text = request.app[PAGES].text(template, request.path, **values)
    return web.Response(text=text, content_type="text/html")
