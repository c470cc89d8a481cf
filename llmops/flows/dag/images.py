"""Images in inputs, in promptflow's forms; its classes are imported when one comes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, cast

from llmops.flows.dag.promptflow_imports import import_promptflow

if TYPE_CHECKING:
    from collections.abc import Iterator

_HERE: Final = Path()
_KEY: Final = re.compile(r"data:image/.*;(path|base64|url)$")


class _Processor(Protocol):
    def create_image(self, value: object) -> object: ...
    def load_multimedia_data_recursively(self, value: object) -> object: ...


class _Processors(Protocol):
    def create(self, message_format_type: str) -> _Processor: ...


def create_image(value: object, message_format: str, folder: Path = _HERE) -> object:
    """Return promptflow's image of a mapping, a base64 text, a URL or a path in the folder.

    Raises:
        Exception: what promptflow raises when it is none of them.
    """
    if isinstance(value, str) and len(value) < 256 and (folder / value).is_file():
        value = str(folder / value)
    return _processor(message_format).create_image(beside(folder, value))


def beside(folder: Path, value: object) -> object:
    """Return the value with the paths of images in it taken from the folder."""
    if isinstance(value, list):
        return [beside(folder, item) for item in cast("list[object]", value)]
    if isinstance(value, dict):
        pairs = cast("dict[object, object]", value).items()
        return {key: _placed(folder, str(key), item) for key, item in pairs}
    return value


def _placed(folder: Path, key: str, value: object) -> object:
    if isinstance(value, str) and (found := _KEY.match(key)) and found[1] == "path":
        return str(folder / value)
    if isinstance(value, dict) and key == "image_file":
        named = cast("dict[str, str]", value)
        return {**named, "path": str(folder / named["path"])} if "path" in named else named
    return beside(folder, cast("object", value))


def load_images(value: object, message_format: str) -> object:
    """Return the value with every image in it loaded; the value itself where there is none."""
    if not has_images(value, message_format):
        return value
    return _processor(message_format).load_multimedia_data_recursively(value)


def find_images(value: object) -> Iterator[bytes]:
    """Yield the images in a value."""
    if isinstance(value, bytes) and hasattr(value, "to_base64"):
        yield value
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            yield from find_images(item)
    elif isinstance(value, dict):
        for item in cast("dict[object, object]", value).values():
            yield from find_images(item)


def _processor(message_format: str) -> _Processor:
    module = import_promptflow("promptflow._utils.multimedia_utils")
    return cast("_Processors", module.MultimediaProcessor).create(message_format)


def has_images(value: object, message_format: str) -> bool:
    if isinstance(value, list):
        return any(has_images(item, message_format) for item in cast("list[object]", value))
    if not isinstance(value, dict):
        return False
    found = cast("dict[object, object]", value)
    if message_format == "openai-vision":
        if found.get("type") in ("image_url", "image_file", "text"):
            return True
    elif len(found) == 1 and _KEY.match(str(next(iter(found)))):
        return True
    return any(has_images(item, message_format) for item in found.values())
