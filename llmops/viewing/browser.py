"""Opens the viewer in the user's browser."""

from __future__ import annotations

import tempfile
import webbrowser
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def opened(url: str) -> Generator[None]:
    """Open the address through a file of the user's own, which is removed at the end.

    A browser is started with what it shall open in its command line, and every user of the machine
    can list those: the file's name is no secret, the address is.
    """
    with tempfile.TemporaryDirectory(prefix="llmops-view-") as folder:
        page = Path(folder) / "open.html"
        page.touch(mode=0o600)
        page.write_text(
            '<!doctype html><meta charset="utf-8"><meta name="referrer" content="no-referrer">'
            f'<meta http-equiv="refresh" content="0; url={escape(url)}">',
            encoding="utf-8",
        )
        webbrowser.open(page.as_uri())
        yield
