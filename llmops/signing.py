"""Ed25519 keys and signatures, in the forms that OpenSSH and browsers use."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
    load_ssh_private_key,
    load_ssh_public_key,
)

from llmops.errors import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_SSH: Final = b"-----BEGIN OPENSSH PRIVATE KEY-----"


def generate(path: Path, passphrase: str) -> str:
    """Write a new private key (PKCS8 PEM, only its owner may read it); return its public line.

    Without a passphrase the key is not encrypted.

    Raises:
        ConfigError: when the file exists or cannot be written.
    """
    key = Ed25519PrivateKey.generate()
    encryption = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        seen = "it exists already" if isinstance(error, FileExistsError) else error.strerror or ""
        fault = Fault(where=str(path), seen=seen, next_step="choose another file")
        raise ConfigError([fault]) from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(text)
    return public_line(key.public_key())


def load_private_key(path: Path, ask: Callable[[], str]) -> Ed25519PrivateKey:
    """Return the key of a PEM or OpenSSH file; `ask` is called where it needs a passphrase.

    Raises:
        ConfigError: when it cannot be read, others may read it, or it is no Ed25519 key.
    """
    try:
        text = path.read_bytes()
        shared = os.name == "posix" and path.stat().st_mode & 0o077
    except OSError as error:
        raise _wrong(path, error.strerror or "cannot be read") from None
    if shared:  # as ssh has it
        step = f"chmod 600 {path}"
        raise ConfigError([Fault(where=str(path), seen="others may read this key", next_step=step)])
    load = load_ssh_private_key if text.lstrip().startswith(_SSH) else load_pem_private_key
    try:
        try:
            key = load(text, None)
        except TypeError:  # it is encrypted
            key = load(text, ask().encode())
    except UnsupportedAlgorithm as error:  # OpenSSH's passphrases need a package that is not ours
        raise _wrong(path, f"a key that cannot be decrypted here ({error})") from None
    except (ValueError, TypeError):
        raise _wrong(path, "no private key that can be read, or another passphrase") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise _wrong(path, f"a {type(key).__name__}")
    return key


def load_public_key(text: str) -> Ed25519PublicKey:
    """Return the key of an OpenSSH line (`ssh-ed25519 AAAA...`) or of PEM.

    Raises:
        ValueError: when it is no Ed25519 key.
    """
    data = text.strip().encode()
    try:
        pem = data.startswith(b"-----")
        key = load_pem_public_key(data) if pem else load_ssh_public_key(data)
    except (ValueError, UnsupportedAlgorithm, binascii.Error):
        raise ValueError("no public key that can be read") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("no Ed25519 key")  # noqa: TRY004  one kind for whatever is wrong with it
    return key


def public_line(key: Ed25519PublicKey) -> str:
    """Return the key as OpenSSH writes it, on one line."""
    return key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def fingerprint(key: Ed25519PublicKey) -> str:
    """Return what `ssh-keygen -l` shows: `SHA256:` and base64."""
    blob = base64.b64decode(public_line(key).split()[1])
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def sign(key: Ed25519PrivateKey, data: bytes) -> str:
    """Return the signature in base64."""
    return base64.b64encode(key.sign(data)).decode()


def is_signed(key: Ed25519PublicKey, data: bytes, signature: str) -> bool:
    """Return whether the signature, in base64, is this key's over exactly these bytes."""
    try:
        raw = base64.b64decode(signature, validate=True)
        key.verify(raw, data)
    except (binascii.Error, ValueError, InvalidSignature):
        return False
    return base64.b64encode(raw).decode() == signature


def _wrong(path: Path, seen: str) -> ConfigError:
    allowed = "an Ed25519 key in PEM (llmops keygen) or OpenSSH form (ssh-keygen -t ed25519)"
    return ConfigError([Fault(where=str(path), seen=seen, allowed=allowed)])
