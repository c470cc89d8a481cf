"""Images that a dataset names by path: the path counts from the dataset's file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from pathlib import Path

_IMAGE_PATH: Final = re.compile(r"data:image/.*;path")


def with_image_paths(value: object, folder: Path) -> object:
    """Return the value with the paths of its images made absolute, in both message formats.

    >>> from pathlib import Path
    >>> with_image_paths({"data:image/png;path": "logo.png"}, Path("/data"))
    {'data:image/png;path': '/data/logo.png'}
    """
    if isinstance(value, list):
        return [with_image_paths(item, folder) for item in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    fields = cast("dict[str, object]", value)
    key = next(iter(fields), "")
    path = fields.get(key)
    if len(fields) == 1 and isinstance(path, str) and _IMAGE_PATH.fullmatch(key):
        return {key: str(folder / path)}
    image = fields.get("image_file")
    if fields.get("type") == "image_file" and isinstance(image, dict):
        inner = cast("dict[str, object]", image)
        return {**fields, "image_file": {**inner, "path": str(folder / str(inner.get("path")))}}
    return {name: with_image_paths(each, folder) for name, each in fields.items()}
