"""What someone who misspelt a name probably meant."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def nearest(name: object, names: Iterable[str]) -> str:
    """Return a question with the nearest name; empty when none is near.

    >>> nearest("max_concurency", ["max_concurrency", "attempts"])
    "did you mean 'max_concurrency'?"
    """
    found = difflib.get_close_matches(str(name), list(names), n=1)
    return f"did you mean {found[0]!r}?" if found else ""
