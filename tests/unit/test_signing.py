from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from llmops.signing import fingerprint, is_signed, load_public_key, public_line, sign

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
TEXT = b'{"reason":"good"}'
ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of the group: adding it to S gives another signature that a careless verifier accepts."""


def test_a_signature_is_of_one_key_and_one_text() -> None:
    signature = sign(KEY, TEXT)
    assert is_signed(KEY.public_key(), TEXT, signature)
    assert not is_signed(KEY.public_key(), TEXT + b" ", signature)
    assert not is_signed(Ed25519PrivateKey.generate().public_key(), TEXT, signature)


def _padding_bits(signature: str) -> str:
    assert signature[-3] in "AQgw"
    return signature[:-3] + chr(ord(signature[-3]) + 1) + "=="


def _greater_s(signature: str) -> str:
    raw = base64.b64decode(signature)
    greater = int.from_bytes(raw[32:], "little") + ORDER
    return base64.b64encode(raw[:32] + greater.to_bytes(32, "little")).decode()


def _url_safe(signature: str) -> str:
    return signature.replace("+", "-").replace("/", "_") + "\n"


@pytest.mark.parametrize("change", [_padding_bits, _greater_s, _url_safe, str.strip, str.lower])
def test_a_signature_has_one_form(change: object) -> None:
    signature = sign(KEY, TEXT)
    changed = change(signature) if callable(change) else ""
    assert is_signed(KEY.public_key(), TEXT, str(changed)) == (changed == signature)


@pytest.mark.parametrize("odd", ["", "=", "A" * 88, "ä" * 88, "A" * 86 + "==", "A" * 100_000])
def test_what_is_no_signature_is_refused(odd: str) -> None:
    assert not is_signed(KEY.public_key(), TEXT, odd)


def test_a_public_key_is_read_as_ssh_and_as_pem() -> None:
    public = KEY.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for text in (public_line(public), f"  {public_line(public)} ada@laptop\n", pem):
        assert public_line(load_public_key(text)) == public_line(public)
    assert fingerprint(public).startswith("SHA256:")
    assert len(fingerprint(public)) == 50


@pytest.mark.parametrize("odd", ["", "ssh-ed25519", "ssh-ed25519 AAAA", "-----BEGIN", "ssh-rsa x"])
def test_what_is_no_public_key_is_refused(odd: str) -> None:
    with pytest.raises(ValueError, match="no public key"):
        load_public_key(odd)


def test_a_key_of_another_kind_is_refused() -> None:
    other = generate_private_key(SECP256R1()).public_key()
    line = other.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    with pytest.raises(ValueError, match="no Ed25519 key"):
        load_public_key(line)
