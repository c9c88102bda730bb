"""Streams of a backup: nothing is held in memory or written unencrypted, however large it is."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

import pyrage

from portal.core.backup.manifest import Part, Unusable

CHUNK = 1 << 20


class Hashed:
    """A file that is written or read, with the SHA-256 and the number of its bytes."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.hash, self.bytes = file, hashlib.sha256(), 0

    def write(self, data: bytes) -> int:
        self._count(data)
        return self.file.write(data)

    def read(self, size: int = -1) -> bytes:
        data = self.file.read(size)
        self._count(data)
        return data

    def flush(self) -> None:
        self.file.flush()

    def _count(self, data: bytes) -> None:
        self.hash.update(data)
        self.bytes += len(data)

    @property
    def part(self) -> Part:
        return Part(self.hash.hexdigest(), self.bytes)


def recipients(keys: list[str]) -> list[Any]:
    """Public keys of age (`age1…`). Raises Unusable, with the key that is none: it is no secret."""
    found = []
    for key in keys:
        try:
            found.append(pyrage.x25519.Recipient.from_str(key))
        except pyrage.RecipientError:
            raise Unusable(f"BACKUP_RECIPIENTS has {key!r}, which is no public key of age") from None
    return found


def identities(file: Path) -> list[Any]:
    """The private keys in a file of `age-keygen`. Raises Unusable; the message never has a key."""
    try:
        lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
        found = [pyrage.x25519.Identity.from_str(line) for line in lines if line and not line.startswith("#")]
    except (OSError, UnicodeDecodeError, pyrage.IdentityError):
        raise Unusable(f"{file} cannot be read as private keys of age") from None
    if not found:
        raise Unusable(f"{file} has no private key of age")
    return found


def encrypt(source: Any, target: Path, keys: list[Any]) -> Part:
    """Everything that `source` gives, encrypted into a new file that is on the disk when this returns."""
    with target.open("xb") as file:
        hashed = Hashed(file)
        pyrage.encrypt_io(source, hashed, keys)
        file.flush()
        os.fsync(file.fileno())
    return hashed.part


def decrypt(source: Path, into: Any, keys: list[Any]) -> None:
    """Raises Unusable when no key fits or the file was changed."""
    try:
        with source.open("rb") as file:
            pyrage.decrypt_io(file, into, keys)
    except pyrage.DecryptError as error:
        raise Unusable(f"{source.name} does not open with these keys: {error}") from None


def hash_of(file: Path) -> Part:
    with file.open("rb") as opened:
        hashed = Hashed(opened)
        while hashed.read(CHUNK):
            pass
    return hashed.part


class Piped:
    """Runs `write` in a thread of its own, which writes into one end of a pipe; `with` gives the other. Its error is raised here.

    `write` uses no database: a thread would have a connection of its own.
    """

    def __init__(self, write: Callable[[IO[bytes]], None]) -> None:
        self.write = write
        self.error: BaseException | None = None
        reading, writing = os.pipe()
        self.reading, self.writing = os.fdopen(reading, "rb"), os.fdopen(writing, "wb")
        self.thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            with self.writing as file:
                self.write(file)
        except BaseException as error:
            self.error = error

    def __enter__(self) -> IO[bytes]:
        self.thread.start()
        return self.reading

    def __exit__(self, *given: object) -> None:
        self.reading.close()
        self.thread.join()
        if isinstance(self.error, Unusable) or (self.error is not None and given[0] is None):
            raise self.error
