"""Tells whether the storage of the documents can be used: in a second for a probe, or with a file of its own for a person."""

from __future__ import annotations

import errno
import hashlib
import io
import logging
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages

from portal.core.storage.names import names

logger = logging.getLogger(__name__)
TRIAL = "trial-"
"""Before the names of files that are stored to try it; they are no names of documents."""
SENTENCES = {
    errno.ENXIO: "there is no such bucket",
    errno.EACCES: "access is denied",
    errno.ENOSPC: "the storage is full",
}


def problem_of(storage: Storage) -> str:
    """Why it cannot be used, "" when it can. Names no address. Writes nothing."""
    reach: Callable[[], None] | None = getattr(storage, "reach", None)
    try:
        return reach() or "" if reach else _of_folder(Path(storage.location))  # type: ignore[attr-defined]
    except OSError as error:
        return sentence(error)


def sentence(error: OSError) -> str:
    return SENTENCES.get(error.errno or 0, "does not answer")


def _of_folder(folder: Path) -> str:
    """It is made with the first file, so the folder above it counts until then."""
    there = next(path for path in (folder, *folder.parents) if path.exists())
    return "" if there.is_dir() and os.access(there, os.W_OK | os.X_OK) else f"{folder.name} cannot be written"


def tell_at_start() -> None:
    """One line in the log of each process that begins, when files cannot be stored. The process goes on: the storage may come back."""
    if problem := problem_of(storages["documents"]):
        logger.error("documents cannot be stored or read: %s. Try it with manage.py try_storage", problem)


@dataclass(frozen=True)
class Step:
    """`problem` is "" for a step that went well. `needs`: the right that it takes in S3."""

    title: str
    needs: str
    problem: str = ""


def attempt(storage: Storage) -> Iterator[Step]:
    """Store, read, list and remove a small file; each step as it is done. It ends with the first one that fails."""
    name, content = f"{TRIAL}{secrets.token_hex(8)}", secrets.token_bytes(1000)
    steps: tuple[tuple[str, str, Callable[[], bool]], ...] = (
        ("reach", "s3:ListBucket", lambda: not problem_of(storage)),
        ("store a file", "s3:PutObject", lambda: storage.save(name, ContentFile(content)) == name),
        ("read it", "s3:GetObject", lambda: _read(storage, name) == content),
        ("list it", "s3:ListBucket", lambda: name in names(storage, first=name[:-1])),
        ("remove it", "s3:DeleteObject", lambda: _removed(storage, name)),
    )
    for title, needs, act in steps:
        try:
            problem = "" if act() else problem_of(storage) or "another answer than was expected"
        except OSError as error:
            problem = f"{sentence(error)} ({error})"
        yield Step(title, needs, problem)
        if problem:
            return


def _read(storage: Storage, name: str) -> bytes:
    with storage.open(name) as file:
        content: bytes = file.read()
    return content


def _removed(storage: Storage, name: str) -> bool:
    storage.delete(name)
    return not storage.exists(name)


def compares_hashes(storage: Any) -> bool:
    """Whether a bucket refuses a file that does not have the hash it was announced with."""
    name = f"{TRIAL}{secrets.token_hex(8)}"
    try:
        storage.put(name, io.BytesIO(b"one"), sha256=hashlib.sha256(b"another").digest())
    except OSError:
        return True
    storage.delete(name)
    return False
