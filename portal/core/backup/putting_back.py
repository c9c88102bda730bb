"""Puts a backup into an empty place: an empty database, and a storage without documents.

Everything is checked before anything is written. Documents come first, then the database in one transaction: it never names
documents that are not there, and a restore that was interrupted can be begun again.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import storages
from django.db import connection

from portal.core.backup import making, postgres, streams
from portal.core.backup import manifest as manifests
from portal.core.backup.manifest import DATABASE, DOCUMENTS, Manifest, Unusable
from portal.core.backup.row import Backup
from portal.core.storage.names import names

UNDER_WAY = "restoring"
"""A file beside the documents while they are put back: it holds the hash of the backup that may go on."""


@dataclass(frozen=True)
class Restored:
    """`documents`: files put back. `made_at`: of the backup, ISO 8601."""

    made_at: str
    documents: int


def check(folder: Path) -> Manifest:
    """Everything but the private key. Raises Unusable."""
    manifest = manifests.read(folder)
    manifests.check_fits(manifest)
    for name, part in manifest.parts.items():
        if not (folder / name).is_file():
            raise Unusable(f"{name} is missing in {folder}")
        if streams.hash_of(folder / name) != part:
            raise Unusable(f"{name} is not what was written when the backup was made")
    return manifest


def restore(*, folder: Path, identity: Path, documents: bool = True) -> Restored:
    """Raises Unusable: nothing was written then, or what was written is taken up again by the next try."""
    keys = streams.identities(identity)
    manifest = check(folder)
    has_documents = documents and DOCUMENTS in manifest.parts
    _check_database_is_empty()
    if documents and not has_documents:
        raise Unusable(
            "The backup was made without documents: put them back by other means, and give --without-documents"
        )
    if has_documents:
        _begin(manifest.parts[DOCUMENTS].sha256)
    count = _put_documents(folder / DOCUMENTS, keys) if has_documents else 0
    if has_documents and count != manifest.documents:
        raise Unusable(f"{count} documents came out of the backup, and {manifest.documents} went into it")
    with postgres.restore() as into:
        streams.decrypt(folder / DATABASE, into, keys)
    if has_documents:
        storages["documents"].delete(UNDER_WAY)
    return Restored(manifest.made_at, count)


def note(done: Restored, *, at: datetime) -> None:
    """In the database that was put back, its backup is still being made: it is whole, as this shows. Call it after migrating."""
    began = datetime.fromisoformat(done.made_at)
    Backup.objects.filter(began_at=began, finished_at=None).update(finished_at=at, documents=done.documents)


def _check_database_is_empty() -> None:
    tables = connection.introspection.table_names()
    if tables:
        raise Unusable(
            f"The database {connection.settings_dict['NAME']} is not empty: it has {len(tables)} tables. Restore into a new one"
        )


def _begin(sha256: str) -> None:
    """Mark the storage as that of this restore. Raises Unusable when it holds documents of something else."""
    storage = storages["documents"]
    if storage.exists(UNDER_WAY):
        with storage.open(UNDER_WAY) as file:
            if file.read().decode() == sha256:
                return
        raise Unusable("The storage of the documents holds an unfinished restore of another backup: empty it first")
    if next(names(storage), None) is not None:
        raise Unusable("The storage of the documents is not empty. Restore into a new one")
    storage.save(UNDER_WAY, ContentFile(sha256.encode()))


def _put_documents(source: Path, keys: list[Any]) -> int:
    with streams.Piped(lambda file: streams.decrypt(source, file, keys)) as packed:
        return _unpack(packed, _store)


def _store(name: str, file: IO[bytes]) -> None:
    storage = storages["documents"]
    storage.delete(name)  # of an interrupted try, perhaps half written
    storage.save(name, File(file))


def _unpack(packed: IO[bytes], store: Callable[[str, IO[bytes]], None]) -> int:
    """Each file, as it comes. Raises Unusable for a name that is none of a document: it could lead anywhere."""
    count = 0
    try:
        with tarfile.open(fileobj=packed, mode="r|") as archive:
            for entry in archive:
                content = archive.extractfile(entry)
                if content is None or not making.DOCUMENT.fullmatch(entry.name):
                    raise Unusable(f"{DOCUMENTS} has {entry.name!r}, which is no name of a document")
                store(entry.name, content)
                count += 1
    except tarfile.ReadError as error:
        raise Unusable(f"{DOCUMENTS} cannot be unpacked: {error}") from None
    return count
