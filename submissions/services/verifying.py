"""Reads an evidence package again: is it whole, and does it agree with what this installation has stored?"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from portal.core import crypto
from portal.core.audit import AuditEvent
from portal.core.audit_chain import row_hash
from submissions.models import Submission
from submissions.services import evidence

MOST_BYTES = 500 * 2**20
"""Limit of one file in the package, unpacked: a package comes from outside."""


NO_SEAL = f"{evidence.HASHES} is not as this installation sealed it, or the key of that time is no longer here"


UNREADABLE = (
    OSError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError,  # of the zip
    AttributeError, KeyError, TypeError, ValueError, OverflowError, ValidationError,  # of what should be in it
)  # fmt: skip


class NotAPackage(Exception):
    """The file is no evidence package, or cannot be read. The message is for the operator."""


@dataclass
class Verified:
    """`faults` are sentences for the operator; the package is whole when there is none. `is_known`: the submission is stored here."""

    files: int = 0
    events: int = 0
    is_known: bool = False
    faults: list[str] = field(default_factory=list)


def verify(path: Path) -> Verified:
    """Compare every file with its hash, the hashes with their seal, and documents and events with the database. Raises NotAPackage."""
    try:
        with zipfile.ZipFile(path) as package:
            return _verify(package)
    except UNREADABLE as error:
        raise NotAPackage(f"{path.name}: {error}") from None


def _verify(package: zipfile.ZipFile) -> Verified:
    found = Verified()
    listed: dict[str, Any] = json.loads(_read(package, evidence.HASHES))
    hashes: dict[str, str] = listed["sha256"]
    names = [name for name in package.namelist() if name != evidence.HASHES]
    found.faults += [
        f"{name} is in the package and not in {evidence.HASHES}" for name in sorted(set(names) - set(hashes))
    ]
    found.faults += [f"{name} is missing" for name in sorted(set(hashes) - set(names))]
    found.faults += [f"{name} is in the package twice" for name in sorted({n for n in names if names.count(n) > 1})]
    for name in sorted(set(hashes) & set(names)):
        found.files += 1
        if not _is_as_packed(package, name, hashes[name]):
            found.faults.append(f"{name} is not as it was packed")
    facts = json.loads(_read(package, evidence.FACTS))
    submission = Submission.objects.filter(reference=facts["reference"]).first()
    found.is_known = submission is not None
    if submission is not None:
        found.faults += [] if _is_sealed(hashes, listed.get("seal")) else [NO_SEAL]
        _compare(found, submission, hashes, json.loads(_read(package, evidence.EVENTS)))
    return found


def _is_as_packed(package: zipfile.ZipFile, name: str, digest: str) -> bool:
    """False also for a file whose packed bytes are damaged: the others are still compared."""
    try:
        return hashlib.sha256(_read(package, name)).hexdigest() == digest
    except (zipfile.BadZipFile, zlib.error, EOFError):
        return False


def _compare(found: Verified, submission: Submission, hashes: dict[str, str], events: list[dict[str, Any]]) -> None:
    """What was packed must still be here. What came later, such as feedback, is no fault."""
    here = set(submission.documents.values_list("sha256", flat=True))
    folders = (evidence.SENT, *evidence.FOLDERS.values())
    packed = {name: digest for name, digest in hashes.items() if name.partition("/")[0] in folders}
    found.faults += [
        f"{name} is not among the stored documents" for name, digest in packed.items() if digest not in here
    ]
    stored = AuditEvent.objects.in_bulk([event["id"] for event in events])
    for event in events:
        found.events += 1
        row = stored.get(event["id"])
        if row is None or row_hash(row).hex() != event["hash"]:
            found.faults.append(f"event {event['id']} is not in the audit trail as it was packed")


def _is_sealed(hashes: dict[str, str], seal: Any) -> bool:
    try:
        return crypto.decrypt(bytes.fromhex(str(seal)), place=evidence.SEAL) == evidence.digest(hashes)
    except (crypto.CannotDecrypt, ValueError):
        return False


def _read(package: zipfile.ZipFile, name: str) -> bytes:
    if package.getinfo(name).file_size > MOST_BYTES:
        raise ValueError(f"{name} is too large")
    return package.read(name)
