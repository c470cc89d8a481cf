"""Where a secret's value is, never the value: what looks like one is refused and not shown."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator

from llmops.experiment.matching import Matches
from llmops.redaction import Redactor

_FORM: Final = Matches(
    pattern=r"[A-Za-z_][A-Za-z0-9_]*|[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?/[A-Za-z0-9._-]{1,253}",
    allowed="the name of a variable of the environment or .env, as OPENAI_API_KEY without ${}; "
    "on Kubernetes <secret>/<key>",
    shown=False,
)

_RUN: Final = re.compile(r"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{20,}")
"""Letters and digits without a pause: nobody names a thing so."""

_SAYS_SO: Final = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD)$", re.IGNORECASE)


def is_like_a_key(text: str) -> bool:
    """Return whether a text is like the keys that providers give out.

    >>> is_like_a_key("sk-proj-4f9a8b7c6d5e4f3a2b1c0d9e"), is_like_a_key("OPENAI_API_KEY")
    (True, False)
    """
    return Redactor(())(text) != text or _RUN.search(text) is not None


def holds_a_key(name: str, value: str) -> bool:
    """Return whether a variable's value is a key, by what it is like and by its name.

    A long value is no key by itself: a commit's is as long.
    """
    stated = f"{name}={value}"
    named = _SAYS_SO.search(name) is not None and _RUN.search(value) is not None
    return named or Redactor(())(stated) != stated


def _no_key(place: str) -> str:
    if is_like_a_key(place):
        raise ValueError(
            "what looks like a key; allowed: where the key is; take it out of the file and "
            "withdraw it if others have seen it"
        )
    return place


SecretPlace = Annotated[str, _FORM, AfterValidator(_no_key)]
