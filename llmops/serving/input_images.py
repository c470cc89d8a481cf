"""Images that a client sends: in base64 and complete, or refused.

promptflow would read a path and fetch an address from this machine, and the pattern with which it
looks at base64 takes hours for a few megabytes that end wrongly.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

from llmops.serving.json_body import levels

if TYPE_CHECKING:
    from collections.abc import Mapping

_BASE64: Final = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
_ENCODED: Final = re.compile(_BASE64)
_KEY: Final = re.compile(r"data:image/.*;base64$")
_REMOTE_KEY: Final = re.compile(r"data:image/.*;(path|url)$")
_URL: Final = re.compile(rf"data:image/[^,]*;base64,{_BASE64}")

SCHEMA: Final[Mapping[str, object]] = {
    "type": "object",
    "patternProperties": {f"^{_KEY.pattern}": {"type": "string", "pattern": f"^{_BASE64}$"}},
    "additionalProperties": False,
    "minProperties": 1,
    "maxProperties": 1,
}


def is_image(value: object) -> bool:
    """Tell whether the value is an image as an input of that type has it."""
    if not isinstance(value, dict):
        return False
    found = cast("dict[str, object]", value)
    return len(found) == 1 and all(
        _KEY.match(key) and isinstance(each, str) and _ENCODED.fullmatch(each)
        for key, each in found.items()
    )


def image_fault(value: object) -> str:
    """Return what is wrong with an image anywhere in the value; empty where nothing is."""
    for level in levels(value):
        for each in level:
            if isinstance(each, dict) and (fault := _fault(cast("dict[str, object]", each))):
                return fault
    return ""


def _fault(found: Mapping[str, object]) -> str:
    if "image_file" in found or any(map(_REMOTE_KEY.match, found)):
        return "an image by its path or address"
    if any(map(_KEY.match, found)) and not is_image(found):
        return "an image that is no base64"
    image = found.get("image_url")
    url = cast("dict[str, object]", image).get("url") if isinstance(image, dict) else None
    if url and not str(url).startswith("data:"):
        return "an image by its path or address"
    if url and not _URL.fullmatch(str(url)):
        return "an image that is no base64"
    return ""
