"""Makes a backup: first the database as of one moment, then the documents, which are never changed once they are stored."""

from __future__ import annotations

import re
import shutil
import tarfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from django.core.files.storage import storages
from django.utils import timezone

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.backup import manifest as manifests
from portal.core.backup import postgres, streams
from portal.core.backup.manifest import DATABASE, DOCUMENTS, Unusable
from portal.core.backup.row import Backup
from portal.core.storage.names import names

UNFINISHED = ".unfinished"
DOCUMENT = re.compile(r"[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}(?:\.rotating)?")
"""The names of documents in their storage. A key rotation keeps a copy beside the one that it writes."""


def make(*, folder: Path, recipients: list[str], by: str, at: datetime, documents: bool = True) -> Backup:
    """A new folder in `folder`, named after the moment. It has its name only when it is whole. Raises Unusable.

    Only the holders of the private keys can read it: not this machine. `documents` False: their storage is backed up by other means.
    """
    keys = streams.recipients(recipients)
    if not keys:
        raise Unusable("BACKUP_RECIPIENTS is not set: it says who can read the backup. `age-keygen` makes a key")
    name = at.astimezone(UTC).strftime("%Y-%m-%dT%H%M%SZ")
    row = Backup.objects.create(began_at=at, name=name)
    record(by=by, at=at, target=row, what=AuditType.BACKUP, folder=name)
    draft = _new_folder(folder, name)
    try:
        size, count = _write(draft, keys, at, documents=documents)
        draft.rename(folder / name)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    row.bytes, row.documents, row.finished_at = size, count, max(at, timezone.now())
    row.save(update_fields=["bytes", "documents", "finished_at"])
    return row


def _new_folder(folder: Path, name: str) -> Path:
    if (folder / name).exists():
        raise Unusable(f"{folder / name} is there already")
    draft = folder / (name + UNFINISHED)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.mkdir(mode=0o700)
    except OSError as error:
        raise Unusable(f"{draft} cannot be made: {error.strerror}") from None
    return draft


def _write(draft: Path, keys: list[object], at: datetime, *, documents: bool) -> tuple[int, int]:
    """Bytes of all parts, and the number of documents."""
    manifest = manifests.begin(made_at=at.isoformat())
    with postgres.dump() as dumped:
        parts = {DATABASE: streams.encrypt(dumped, draft / DATABASE, keys)}
    count = 0
    if documents:
        packing = Packing()
        with streams.Piped(packing.write) as packed:
            parts[DOCUMENTS] = streams.encrypt(packed, draft / DOCUMENTS, keys)
        count = packing.count
    manifests.write(replace(manifest, parts=parts, documents=count), draft)
    return sum(part.bytes for part in parts.values()), count


class Packing:
    """All stored documents as one stream (tar), read through the storage API. `count`: how many."""

    def __init__(self) -> None:
        self.count = 0

    def write(self, file: IO[bytes]) -> None:
        with tarfile.open(fileobj=file, mode="w|") as archive:
            for name in filter(DOCUMENT.fullmatch, names(storages["documents"])):
                self.count += self._add(archive, name)

    def _add(self, archive: tarfile.TarFile, name: str) -> bool:
        try:
            with storages["documents"].open(name) as opened:
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = opened.size, 0o600
                archive.addfile(entry, opened)
        except FileNotFoundError:  # deleted since it was listed
            return False
        return True
