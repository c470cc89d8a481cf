"""The wheel of the llmops that runs: the image gets the code that this machine has."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

import llmops

if TYPE_CHECKING:
    from collections.abc import Iterator

_PACKAGE: Final = Path(llmops.__file__).parent
_KIND: Final = b"Wheel-Version: 1.0\nGenerator: llmops\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
_EPOCH: Final = (1980, 1, 1, 0, 0, 0)  # the first that a zip file can state


def write_wheel(folder: Path) -> Path:
    """Write the wheel and return its file; the same code gives the same bytes."""
    version = metadata.version("llmops")
    about = f"llmops-{version}.dist-info"
    files = {**dict(_code()), **{f"{about}/{name}": text for name, text in _metadata()}}
    record = "".join(map(_recorded, files.items())) + f"{about}/RECORD,,\n"
    files[f"{about}/RECORD"] = record.encode()
    path = folder / f"llmops-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            wheel.writestr(entry, content)
    return path


def _code() -> Iterator[tuple[str, bytes]]:
    for path in sorted(_PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path.relative_to(_PACKAGE.parent).as_posix(), path.read_bytes()


def _metadata() -> Iterator[tuple[str, bytes]]:
    installed = metadata.distribution("llmops")
    for name in ("METADATA", "entry_points.txt"):
        yield name, (installed.read_text(name) or "").encode()
    yield "WHEEL", _KIND


def _recorded(file: tuple[str, bytes]) -> str:
    name, content = file
    found = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"{name},sha256={found},{len(content)}\n"
