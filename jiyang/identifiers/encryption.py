"""Personal numbers at rest: AES-256-GCM with a key id, and an HMAC blind index for exact search (STACK.md 9).

Stored bytes: 1 byte key id ‖ 12 bytes nonce ‖ ciphertext; the associated data is "table.column", so that a value moved
to another column does not decrypt.
"""

import hashlib
import hmac
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
    found: list[bytes | None] = []
    for text in texts:
        if text is None:
            found.append(None)
        else:
            nonce = os.urandom(NONCE)
            found.append(head + nonce + seal(nonce, text.encode(), bound))
    return found


def decrypt(data: bytes, aad: str) -> str:
    """The value. Raises CannotDecrypt."""
    return decrypt_bytes(bytes(data), aad).decode()


@cache
def _index_key(passphrase: str) -> bytes:
    return _derived(passphrase, "index")


def normalised(text: str) -> str:
    return text.strip().upper()


def blind_index(text: str) -> bytes:
    """Digest by which equal values meet: of an ID or certificate number its first 18 characters, else the whole value."""
    value = normalised(text)
    return hmac.digest(_index_key(settings.INDEX_KEY), (value[:18] if len(value) > 18 else value).encode(), "sha256")


def blind_index_all(texts: Iterable[str | None]) -> list[bytes | None]:
    return [None if text is None else blind_index(text) for text in texts]


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
