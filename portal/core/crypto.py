"""Encryption at rest: private keys, payloads, answers and documents. AES-256-GCM with a key ring from the settings.

The first key of `ENCRYPTION_KEYS` encrypts, all of them decrypt; `manage.py rotate_encryption` re-encrypts to the first.
What is encrypted is bound to its place (table and column, or the hash of a document), in some fields to its row too: put anywhere
else, it does not open. Stored: the version (1 byte), the id of the key (4), a nonce (12), the ciphertext with its tag.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models
from django.db.models.query_utils import DeferredAttribute

VERSION = b"\x01"
HEADER = 5
"""Bytes before the nonce: they say which key fits."""
NONCE = 12


class CannotDecrypt(Exception):
    """No configured key decrypts the bytes: a key was removed too early, or the bytes were changed or belong elsewhere."""

    code = "CANNOT_DECRYPT"


@lru_cache(maxsize=16)
def _raw(key: str) -> bytes:
    return base64.urlsafe_b64decode(key)


def fingerprint(secret: str) -> str:
    """Names a key without telling it: 16 hexadecimal digits."""
    return hashlib.sha256(b"portal key" + secret.encode()).hexdigest()[:16]


@lru_cache(maxsize=16)
def _key_id(key: str) -> bytes:
    return bytes.fromhex(fingerprint(key)[:8])


@lru_cache(maxsize=512)
def key_of(key: str, place: str) -> bytes:
    """A key of its own for each place: random nonces suffice for 2^32 values of one column."""
    return HKDF(SHA256(), 32, salt=None, info=f"portal at rest: {place}".encode()).derive(_raw(key))


@lru_cache(maxsize=512)
def _cipher(key: str, place: str) -> AESGCM:
    return AESGCM(key_of(key, place))


def header() -> bytes:
    """What the ciphertexts of the first key begin with."""
    return VERSION + _key_id(settings.ENCRYPTION_KEYS[0])


def encrypt(plain: bytes, *, place: str, row: str = "") -> bytes:
    """`place`: where it is stored, such as `table.column`; `row`: what names the row there and never changes."""
    nonce = os.urandom(NONCE)
    return header() + nonce + _cipher(settings.ENCRYPTION_KEYS[0], place).encrypt(nonce, plain, bound(place, row))


def decrypt(sealed: bytes, *, place: str, row: str = "") -> bytes:
    """Raises CannotDecrypt."""
    key = fitting_key(sealed[:HEADER])
    nonce, rest = sealed[HEADER : HEADER + NONCE], sealed[HEADER + NONCE :]
    try:
        return _cipher(key, place).decrypt(nonce, rest, bound(place, row))
    except (InvalidTag, ValueError) as error:
        raise was_changed(place) from error


def fitting_key(start: bytes) -> str:
    """The key of a ciphertext that begins with these HEADER bytes. Raises CannotDecrypt."""
    key = next((key for key in settings.ENCRYPTION_KEYS if start == VERSION + _key_id(key)), None)
    if key is None:
        raise CannotDecrypt("none of the keys in ENCRYPTION_KEYS fits these bytes")
    return key


def was_changed(place: str) -> CannotDecrypt:
    return CannotDecrypt(f"these bytes were changed, or were not stored in this row of {place}")


def rotate(sealed: bytes, *, place: str, row: str = "") -> bytes:
    """The same plain text encrypted with the first key. Raises CannotDecrypt."""
    return encrypt(decrypt(sealed, place=place, row=row), place=place, row=row)


def bound(place: str, row: str) -> bytes:
    """What is authenticated beside the text."""
    return f"{place}\0{row}".encode()


class InRow(NamedTuple):
    """A value of a field that is bound to its row, on its way to the database."""

    value: Any
    row: str


class Unopened(NamedTuple):
    """A value of such a field as it came from the database."""

    sealed: bytes


class Opened(DeferredAttribute):
    """Decrypts when the attribute is read: only then it is known which row it is."""

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        field: Any = self.field
        name = field.attname
        if instance is not None and name not in instance.__dict__:  # deferred
            rows = type(instance)._base_manager.using(instance._state.db).filter(pk=instance.pk)
            instance.__dict__[name] = rows.values_list(name, flat=True).get()
        value = super().__get__(instance, cls)
        if isinstance(value, Unopened):
            value = instance.__dict__[name] = field.open(value.sealed, row=field.row_of(instance))
        return value


class EncryptedField(models.BinaryField):
    """Bytes in Python, ciphertext in the database. Cannot be searched or sorted, by design.

    `is_deferred`: SealedManager leaves it in the database until it is asked for. `bound_to` names the row by what of it never changes;
    such a field is written with its row, by `save`, `bulk_create` or `portal.core.bulk`; an UPDATE can only empty it.
    """

    is_deferred = True

    def __init__(self, *args: Any, bound_to: Callable[[Any], str] | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.bound_to = bound_to
        if bound_to:
            self.descriptor_class = Opened

    @property
    def place(self) -> str:
        return f"{self.model._meta.db_table}.{self.column}"

    def row_of(self, instance: models.Model) -> str:
        return self.bound_to(instance) if self.bound_to else ""

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        return self.in_row(super().pre_save(model_instance, add), model_instance)

    def in_row(self, value: Any, instance: models.Model) -> Any:
        """The value together with what names its row, where the field is bound to it."""
        return InRow(value, self.row_of(instance)) if self.bound_to and value is not None else value

    def get_lookup(self, lookup_name: str) -> Any:
        """None: Django refuses the query. No value equals another in the table, not even its own."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def to_bytes(self, value: Any) -> bytes | None:
        """The plain text of a value; None is NULL."""
        return None if value is None else bytes(value)

    def to_value(self, plain: bytes) -> Any:
        return plain

    def get_prep_value(self, value: Any) -> Any:
        if isinstance(value, InRow):
            value, row = value
        elif self.bound_to and value is not None:
            raise TypeError(f"{self.place} is bound to its row: it is written with the row, or emptied")
        else:
            row = ""
        plain = self.to_bytes(value)
        return None if plain is None else encrypt(plain, place=self.place, row=row)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        sealed = value if prepared else self.get_prep_value(value)
        return models.BinaryField().get_db_prep_value(sealed, connection, prepared=True)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        if value is None:
            return None
        return Unopened(bytes(value)) if self.bound_to else self.open(bytes(value))

    def open(self, sealed: bytes, *, row: str = "") -> Any:
        """Raises CannotDecrypt."""
        return self.to_value(decrypt(sealed, place=self.place, row=row))


class EncryptedJSONField(EncryptedField):
    """A JSON value in Python, ciphertext in the database. None is NULL."""

    _pyi_private_set_type: Any  # for django-stubs: not the bytes of the parent
    _pyi_private_get_type: Any

    def to_bytes(self, value: Any) -> bytes | None:
        return None if value is None else json.dumps(value, ensure_ascii=False).encode()

    def to_value(self, plain: bytes) -> Any:
        return json.loads(plain)


class PackedJSONField(EncryptedJSONField):
    """The same, compressed before it is encrypted: for what is kept in millions of rows and seldom read."""

    def to_bytes(self, value: Any) -> bytes | None:
        plain = super().to_bytes(value)
        return None if plain is None else zlib.compress(plain)

    def to_value(self, plain: bytes) -> Any:
        return super().to_value(zlib.decompress(plain))


class EncryptedListField(EncryptedJSONField):
    """A list of JSON values; an empty list is NULL, so that rows without any cost nothing."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"null": True, "default": list, **options})

    def to_bytes(self, value: Any) -> bytes | None:
        return super().to_bytes(value or None)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return super().from_db_value(value, expression, connection) or []


class EncryptedTextField(EncryptedField):
    """A short text in Python, ciphertext in the database. It is loaded with its row, as lists show it."""

    _pyi_private_set_type: Any  # for django-stubs: not the bytes of the parent
    _pyi_private_get_type: Any
    is_deferred = False

    def to_bytes(self, value: Any) -> bytes | None:
        return None if value is None else str(value).encode()

    def to_value(self, plain: bytes) -> Any:
        return plain.decode()


class Sealed:
    """A text as it is stored, encrypted. It is decrypted when `text` is asked for, and never printed.

    Two are equal when the same is stored: a text that is encrypted again is another one.
    """

    def __init__(self, ciphertext: bytes, *, place: str, text: str | None = None) -> None:
        self.ciphertext, self.place, self._text = ciphertext, place, text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and self.ciphertext == other.ciphertext

    def __hash__(self) -> int:
        return hash(self.ciphertext)

    @classmethod
    def of(cls, text: str, *, place: str) -> Sealed:
        return cls(encrypt(text.encode(), place=place), place=place, text=text)

    @property
    def text(self) -> str:
        """Raises CannotDecrypt."""
        if self._text is None:
            self._text = decrypt(self.ciphertext, place=self.place).decode()
        return self._text


class SealedTextField(EncryptedField):
    """A `Sealed` text in Python: loading a row decrypts nothing, as few who load it need the text."""

    _pyi_private_set_type: Any  # for django-stubs: not the bytes of the parent
    _pyi_private_get_type: Any
    is_deferred = False

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else value.ciphertext

    def open(self, sealed: bytes, *, row: str = "") -> Any:
        return Sealed(sealed, place=self.place)


Row = TypeVar("Row", bound=models.Model)


class SealedManager(models.Manager[Row]):
    """Leaves encrypted fields in the database until one is asked for: most lists need none, and show without the key too."""

    def get_queryset(self) -> models.QuerySet[Row]:
        fields = self.model._meta.concrete_fields
        sealed = [field.name for field in fields if isinstance(field, EncryptedField) and field.is_deferred]
        return super().get_queryset().defer(*sealed)
