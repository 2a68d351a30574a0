"""Personal numbers at rest: AES-256-GCM with a key id, and an HMAC blind index for exact search (STACK.md 9).

Stored bytes: 1 byte key id ‖ 12 bytes nonce ‖ ciphertext; the associated data is "table.column", so that a value moved
to another column does not decrypt.
"""

import hashlib
import io
import os
from collections.abc import Iterable
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.db import models

NONCE = 12


class CannotDecrypt(ValueError):
    """The stored bytes belong to another key or column, or are damaged."""


def _derived(passphrase: str, purpose: str) -> bytes:
    return hashlib.sha256(f"jiyang/{purpose}/{passphrase}".encode()).digest()


@cache
def _cipher(key_id: int, passphrase: str) -> AESGCM:
    return AESGCM(_derived(passphrase, "field"))


def _current_key() -> int:
    return max(settings.FIELD_KEYS)


def encrypt(text: str, aad: str) -> bytes:
    """Ciphertext of one value under the newest key."""
    return encrypt_all([text], aad)[0]


def encrypt_bytes(data: bytes, aad: str) -> bytes:
    """Ciphertext of a whole file."""
    key_id, nonce = _current_key(), os.urandom(NONCE)
    return bytes([key_id]) + nonce + _cipher(key_id, settings.FIELD_KEYS[key_id]).encrypt(nonce, data, aad.encode())


def decrypt_bytes(data: bytes, aad: str) -> bytes:
    """The file. Raises CannotDecrypt."""
    try:
        return _cipher(data[0], settings.FIELD_KEYS[data[0]]).decrypt(
            data[1 : 1 + NONCE], data[1 + NONCE :], aad.encode()
        )
    except (InvalidTag, KeyError, IndexError) as failure:
        raise CannotDecrypt(f"{aad}：无法解密，请检查字段密钥是否与数据一致") from failure


def encrypt_all(texts: Iterable[str | None], aad: str) -> list[bytes | None]:
    """Ciphertexts of a whole column; None stays None."""
    key_id = _current_key()
    seal, head, bound = _cipher(key_id, settings.FIELD_KEYS[key_id]).encrypt, bytes([key_id]), aad.encode()
    texts = list(texts)
    fresh = io.BytesIO(os.urandom(NONCE * len(texts)))  # one call of the system for the whole column
    found: list[bytes | None] = []
    for text in texts:
        if text is None:
            found.append(None)
        else:
            nonce = fresh.read(NONCE)
            found.append(head + nonce + seal(nonce, text.encode(), bound))
    return found


def decrypt(data: bytes, aad: str) -> str:
    """The value. Raises CannotDecrypt."""
    return decrypt_bytes(bytes(data), aad).decode()


@cache
def _begun(passphrase: str) -> tuple:
    """The two hashes of HMAC-SHA256 (RFC 2104) with the key taken in: copied for each value, at a third of the cost."""
    key = _derived(passphrase, "index").ljust(64, b"\0")
    return tuple(hashlib.sha256(bytes(byte ^ pad for byte in key)) for pad in (0x36, 0x5C))


def normalised(text: str) -> str:
    return text.strip().upper()


def blind_index(text: str) -> bytes:
    """Digest by which equal values meet: of an ID or certificate number its first 18 characters, else the whole value."""
    return blind_index_all([text])[0]


def blind_index_all(texts: Iterable[str | None]) -> list[bytes | None]:
    """Digests of a whole column; None stays None."""
    inner, outer = _begun(settings.INDEX_KEY)
    found: list[bytes | None] = []
    for text in texts:
        if text is None:
            found.append(None)
            continue
        value, digest, whole = normalised(text), inner.copy(), outer.copy()
        digest.update(value[:18].encode())
        whole.update(digest.digest())
        found.append(whole.digest())
    return found


class Sealed(str):
    """Decrypted text that remembers its ciphertext, so that saving an unchanged value changes no byte."""

    stored: bytes
    aad: str  # the column it was read from: elsewhere the ciphertext is none


class EncryptedTextField(models.BinaryField):
    """Text that is stored encrypted; Python sees `str`. It cannot be searched: keep a blind index beside it."""

    def __init__(self, *args, **kwargs):
        kwargs.setdefault("editable", True)
        super().__init__(*args, **kwargs)

    @property
    def aad(self) -> str:
        """`table.column` of the live table: events keep the live row's bytes, so they decrypt under its name."""
        owner = getattr(self.model, "pgh_tracked_model", self.model)
        return f"{owner._meta.db_table}.{self.column}"

    def get_db_prep_value(self, value, connection, prepared=False):
        if isinstance(value, Sealed) and value.aad == self.aad:
            value = value.stored
        elif isinstance(value, str):
            value = encrypt(value, self.aad)
        return super().get_db_prep_value(value, connection, prepared)

    def from_db_value(self, value, expression, connection) -> str | None:
        if value is None:
            return None
        text = Sealed(decrypt(value, self.aad))
        text.stored, text.aad = bytes(value), self.aad
        return text

    def to_python(self, value):
        return value

    def value_to_string(self, obj) -> str:
        return self.value_from_object(obj) or ""

    def formfield(self, **kwargs):
        from django import forms

        return forms.CharField(required=not self.blank, label=self.verbose_name, help_text=self.help_text)
