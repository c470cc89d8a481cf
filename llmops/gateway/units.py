"""Names for sticky keys that say who is the same, and not who it is."""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING

from llmops.gateway.folder import write_private

if TYPE_CHECKING:
    from pathlib import Path


class Units:
    """Digests with a secret of this gateway: without it nobody can try out likely keys."""

    def __init__(self, secret: bytes) -> None:
        """Take a secret of 32 bytes."""
        self._secret = secret

    def of(self, key: str) -> str:
        """Return 16 hexadecimal digits for a key; empty for none.

        >>> Units(bytes(32)).of("user 7") == Units(bytes(32)).of("user 7")
        True
        """
        if not key:
            return ""
        content = key.encode("utf-8", "surrogateescape")
        return hashlib.blake2b(content, key=self._secret, digest_size=8).hexdigest()


def secret_of(path: Path) -> bytes:
    """Return the file's secret, which is made for its owner if there is none."""
    if not path.exists():
        write_private(path, secrets.token_bytes(32))
    return path.read_bytes()
