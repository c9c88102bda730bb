"""Makes a heap of a file that was taken, and of a folder that is sent once. Of the same files one heap is made, however often."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from accounts.models import User
from portal.core.environments import Environment
from submissions.models import Heap, HeapSource
from submissions.services.folders import driving, places
from submissions.services.folders.places import NotUsable, Seen
from submissions.services.heaps import intake

CHUNK = 1_000_000


def key_of(reference: str) -> str:
    return f"{HeapSource.WATCHED}{reference}"


def take(
    within: int, name: str, *, reference: str, user: User, environment: Environment, sends: bool, seen: Seen | None,
    at: datetime,
) -> Heap:  # fmt: skip
    """The heap of one taken file, in the folder of those. Raises NotUsable, places.Changed, NotStored, FileNotFoundError."""
    called = name.removeprefix(f"{reference}-")
    source = HeapSource(key=key_of(reference), sends=sends)
    try:
        uploads = places.reading(name, called=called, seen=seen, within=within)
        heap = intake.begin(user=user, environment=environment, uploads=uploads, source=source, at=at)
    except intake.Full as error:
        raise NotUsable("FULL") from error
    driving.wake()
    return heap


def files_of(folder: Path) -> tuple[list[str], dict[str, str]]:
    """Names of the files of a folder to be sent, and of those that are left out with the code why. Raises OSError."""
    usable: list[str] = []
    left: dict[str, str] = {}
    for name in sorted(places.waiting(folder)):
        try:
            for _file in places.reading(folder / name, called=name):
                usable.append(name)
        except NotUsable as error:
            left[name] = error.code
    return usable, left


def take_all(folder: Path, names: list[str], *, user: User, environment: Environment, at: datetime) -> Heap:
    """One heap of all these files. Raises NotUsable, places.Changed, NotStored, intake.Full."""
    source = HeapSource(key=_key_of_all(folder, names, user=user, environment=environment))
    if known := Heap.objects.filter(source__key=source.key).first():
        return known
    heap = intake.begin(user=user, environment=environment, uploads=_all(folder, names), source=source, at=at)
    driving.wake()
    return heap


def _all(folder: Path, names: Iterable[str]) -> Iterator[places.Dropped]:
    for name in names:
        yield from places.reading(folder / name, called=name)


def _key_of_all(folder: Path, names: Iterable[str], *, user: User, environment: str) -> str:
    """Of the same files in the name of the same person it is the same."""
    whole = hashlib.sha256(f"{environment} {user.pk}".encode())
    for file in _all(folder, names):
        own = hashlib.sha256()
        while part := file.read(CHUNK):
            own.update(part)
        whole.update(f"{len(os.fsencode(file.name))} ".encode() + os.fsencode(file.name) + own.digest())
    return f"files:{whole.hexdigest()}"


def find_heaps(references: Iterable[str]) -> dict[str, HeapSource]:
    """By reference. One query."""
    rows = HeapSource.objects.filter(key__in=[key_of(each) for each in references]).select_related("heap__owner")
    return {row.key.removeprefix(HeapSource.WATCHED): row for row in rows}
