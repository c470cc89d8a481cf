"""Keys as `llmops keygen` and OpenSSH write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from llmops.errors import ConfigError
from llmops.signing import generate, is_signed, load_private_key, load_public_key, sign

if TYPE_CHECKING:
    from pathlib import Path

TEXT = b"what is signed"


def never() -> str:
    raise AssertionError("nobody needs to be asked")


@pytest.mark.parametrize("passphrase", ["", "a word"])
def test_a_generated_key_signs_for_its_public_line(tmp_path: Path, passphrase: str) -> None:
    path = tmp_path / "new" / "key.pem"
    line = generate(path, passphrase)
    assert path.stat().st_mode & 0o777 == 0o600
    key = load_private_key(path, (lambda: passphrase) if passphrase else never)
    signature = sign(key, TEXT)
    public = load_public_key(f"{line} ada@laptop")
    assert is_signed(public, TEXT, signature)
    assert not is_signed(public, TEXT + b".", signature)
    with pytest.raises(ConfigError, match="it exists already"):
        generate(path, passphrase)
    assert load_private_key(path, lambda: passphrase).public_key() == public


def test_an_openssh_key_does_as_well(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    path = tmp_path / "id_ed25519"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    with pytest.raises(ConfigError, match="others may read this key; chmod 600"):
        load_private_key(path, never)
    path.chmod(0o600)
    loaded = load_private_key(path, never)
    assert is_signed(key.public_key(), TEXT, sign(loaded, TEXT))


def test_what_is_no_key_is_named_without_its_content(tmp_path: Path) -> None:
    path = tmp_path / "key"
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    other = generate_private_key(SECP256R1()).private_bytes(*form)
    for content in (b"", b"a secret that is no key", other):
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(ConfigError, match="an Ed25519 key in PEM") as raised:
            load_private_key(path, never)
        assert "a secret" not in str(raised.value)
    with pytest.raises(ConfigError, match="No such file"):
        load_private_key(tmp_path / "none", never)
    generate(tmp_path / "locked", "right")
    with pytest.raises(ConfigError, match="another passphrase"):
        load_private_key(tmp_path / "locked", lambda: "wrong")
