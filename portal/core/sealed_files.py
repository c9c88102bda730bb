"""Encryption of files as streams, in the format of `portal.core.crypto`: memory is the same for a file of any size.

Temporary files hold ciphertext only.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import IO, Any, Protocol, cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import GCM
from django.conf import settings

from portal.core import crypto
from portal.core.crypto import CannotDecrypt

CHUNK = 1 << 18
IN_MEMORY = 1 << 20
"""Bytes of a temporary file that are held in memory; what is beyond goes to the disk."""
_TAG = 16


class Readable(Protocol):
    """An open file, as forms give it too."""

    def read(self, size: int, /) -> bytes: ...

    def seek(self, offset: int, /) -> object: ...


def seal(plain: Readable, *, place: str, row: str) -> IO[bytes]:
    """The ciphertext of `plain` from where it stands, as a temporary file at its beginning."""
    sealed = SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 - whoever asked for it closes it
    try:
        for part in _sealed(plain, place, row):
            sealed.write(part)
    except BaseException:
        sealed.close()
        raise
    sealed.seek(0)
    return sealed


def unseal(sealed: IO[bytes], *, size: int, place: str, row: str, sha256: str) -> IO[bytes]:
    """The plain text of `size` bytes of ciphertext. All of it is checked before this returns.

    Raises CannotDecrypt, also when the hash is another.
    """
    copy: IO[bytes] = io.BytesIO() if size <= IN_MEMORY else cast("IO[bytes]", TemporaryFile())  # noqa: SIM115 - closed with what is returned
    digest = hashlib.sha256()
    try:
        for part in _opened(_Copied(sealed, copy), place, row):
            digest.update(part)
        if digest.hexdigest() != sha256:
            raise CannotDecrypt("the content is not what was stored")
    except BaseException:
        copy.close()
        raise
    copy.seek(0)
    return cast("IO[bytes]", io.BufferedReader(_Plain(copy, place, row), CHUNK))


def _sealed(plain: Readable, place: str, row: str) -> Iterator[bytes]:
    nonce = os.urandom(crypto.NONCE)
    encryptor = Cipher(AES(crypto.key_of(settings.ENCRYPTION_KEYS[0], place)), GCM(nonce)).encryptor()
    encryptor.authenticate_additional_data(crypto.bound(place, row))
    yield crypto.header() + nonce
    while part := plain.read(CHUNK):
        yield encryptor.update(part)
    yield encryptor.finalize() + encryptor.tag


def _opened(sealed: Any, place: str, row: str) -> Iterator[bytes]:
    """The parts are to be believed only when the last one has come. Raises CannotDecrypt."""
    key = crypto.fitting_key(_exactly(sealed, crypto.HEADER))
    nonce = _exactly(sealed, crypto.NONCE)
    if len(nonce) < crypto.NONCE:
        raise crypto.was_changed(place)
    decryptor = Cipher(AES(crypto.key_of(key, place)), GCM(nonce)).decryptor()
    decryptor.authenticate_additional_data(crypto.bound(place, row))
    rest = b""
    while part := sealed.read(CHUNK):
        rest += part
        yield decryptor.update(rest[:-_TAG])
        rest = rest[-_TAG:]
    try:
        yield decryptor.finalize_with_tag(rest)
    except (InvalidTag, ValueError) as error:
        raise crypto.was_changed(place) from error


def _exactly(file: Any, size: int) -> bytes:
    """So many bytes, fewer only at the end of the file."""
    content = b""
    while len(content) < size and (part := file.read(size - len(content))):
        content += part
    return content


class _Copied:
    """Writes what is read from `source` to `copy` too."""

    def __init__(self, source: IO[bytes], copy: IO[bytes]) -> None:
        self.source, self.copy = source, copy

    def read(self, size: int) -> bytes:
        part = self.source.read(size)
        self.copy.write(part)
        return part


class _Plain(io.RawIOBase):
    """Decrypts a file that was checked before, as it is read."""

    def __init__(self, sealed: IO[bytes], place: str, row: str) -> None:
        self.sealed, self.parts = sealed, _opened(sealed, place, row)
        self.rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self.rest:
            part = next(self.parts, None)
            if part is None:
                return 0
            self.rest = memoryview(part)
        size = min(len(buffer), len(self.rest))
        buffer[:size], self.rest = self.rest[:size], self.rest[size:]
        return size

    def close(self) -> None:
        self.sealed.close()
        super().close()
