"""Encryption at rest: private keys, payloads, answers and documents. Fernet with a key ring from the settings.

The first key of `ENCRYPTION_KEYS` encrypts, all of them decrypt; `manage.py rotate_encryption` re-encrypts to the first.
"""

from __future__ import annotations

import json
import zlib
from functools import lru_cache
from typing import Any, TypeVar

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class CannotDecrypt(Exception):
    """No configured key decrypts the bytes: a key was removed too early, or the bytes were changed."""

    code = "CANNOT_DECRYPT"


@lru_cache(maxsize=4)
def _key_ring(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def key_ring() -> MultiFernet:
    return _key_ring(tuple(settings.ENCRYPTION_KEYS))


def encrypt(plain: bytes) -> bytes:
    return key_ring().encrypt(plain)


def decrypt(sealed: bytes) -> bytes:
    """Raises CannotDecrypt."""
    try:
        return key_ring().decrypt(sealed)
    except InvalidToken as error:
        raise CannotDecrypt("none of the keys in ENCRYPTION_KEYS fits these bytes") from error


def rotate(sealed: bytes) -> bytes:
    """The same plain text encrypted with the first key. Raises CannotDecrypt."""
    try:
        return key_ring().rotate(sealed)
    except InvalidToken as error:
        raise CannotDecrypt("none of the keys in ENCRYPTION_KEYS fits these bytes") from error


class EncryptedField(models.BinaryField):
    """Bytes in Python, ciphertext in the database. Cannot be searched or sorted, by design.

    `is_deferred`: SealedManager leaves it in the database until it is asked for.
    """

    is_deferred = True

    def get_lookup(self, lookup_name: str) -> Any:
        """None: Django refuses the query. No value equals another in the table, not even its own."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else encrypt(bytes(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        sealed = value if prepared else self.get_prep_value(value)
        return models.BinaryField().get_db_prep_value(sealed, connection, prepared=True)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> bytes | None:
        return None if value is None else decrypt(bytes(value))


class EncryptedJSONField(EncryptedField):
    """A JSON value in Python, ciphertext in the database. None is NULL."""

    _pyi_private_set_type: Any  # for django-stubs: not the bytes of the parent
    _pyi_private_get_type: Any

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else encrypt(json.dumps(value, ensure_ascii=False).encode())

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else json.loads(decrypt(bytes(value)))


class PackedJSONField(EncryptedJSONField):
    """The same, compressed before it is encrypted: for what is kept in millions of rows and seldom read."""

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else encrypt(zlib.compress(json.dumps(value, ensure_ascii=False).encode()))

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else json.loads(zlib.decompress(decrypt(bytes(value))))


class EncryptedListField(EncryptedJSONField):
    """A list of JSON values; an empty list is NULL, so that rows without any cost nothing."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"null": True, "default": list, **options})

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(value or None)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return super().from_db_value(value, expression, connection) or []


class EncryptedTextField(EncryptedField):
    """A short text in Python, ciphertext in the database. It is loaded with its row, as lists show it."""

    _pyi_private_set_type: Any  # for django-stubs: not the bytes of the parent
    _pyi_private_get_type: Any
    is_deferred = False

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else encrypt(str(value).encode())

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else decrypt(bytes(value)).decode()


class Sealed:
    """A text as it is stored, encrypted. It is decrypted when `text` is asked for, and never printed.

    Two are equal when the same is stored: a text that is encrypted again is another one.
    """

    def __init__(self, ciphertext: bytes, text: str | None = None) -> None:
        self.ciphertext, self._text = ciphertext, text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and self.ciphertext == other.ciphertext

    def __hash__(self) -> int:
        return hash(self.ciphertext)

    @classmethod
    def of(cls, text: str) -> Sealed:
        return cls(encrypt(text.encode()), text)

    @property
    def text(self) -> str:
        """Raises CannotDecrypt."""
        if self._text is None:
            self._text = decrypt(self.ciphertext).decode()
        return self._text


class SealedTextField(EncryptedField):
    """A `Sealed` text in Python: loading a row decrypts nothing, as few who load it need the text."""

    _pyi_private_set_type: Any  # for django-stubs: not the bytes of the parent
    _pyi_private_get_type: Any
    is_deferred = False

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else value.ciphertext

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return None if value is None else Sealed(bytes(value))


Row = TypeVar("Row", bound=models.Model)


class SealedManager(models.Manager[Row]):
    """Leaves encrypted fields in the database until one is asked for: most lists need none, and show without the key too."""

    def get_queryset(self) -> models.QuerySet[Row]:
        fields = self.model._meta.concrete_fields
        sealed = [field.name for field in fields if isinstance(field, EncryptedField) and field.is_deferred]
        return super().get_queryset().defer(*sealed)
