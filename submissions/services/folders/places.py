"""The folder itself: which of its files are whole, moving them, and writing beside them. Nothing of the database.

Everything that others may see of a file of ours appears at once, by a rename. Names of ours have no identity numbers.
Whoever drops files may put anything into the folder, and tries to: see `guarded`. Results are written, and decide nothing while
the database knows what became of a file.
"""

from __future__ import annotations

import json
import logging
import os
import re
import stat
import uuid
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from portal.core.masking import without_identity_numbers
from submissions.services.documents import clean_filename
from submissions.services.folders import guarded

TAKEN, REFUSED, DOCUMENTS = "taken", "refused", "documents"
RESULT = ".result.json"
ALIVE = ".watched"
"""A file in the folder whose time says when it was last looked at."""
TEMPORARY = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", "~")
"""Endings of names that are not final: such files are left alone, as those are that begin with a point."""
LONGEST_NAME = 150
"""Bytes of the name in a name of ours: with what stands around it, it fits every file system."""
MOST_RESULT = 20_000_000
"""Bytes of a result that is read."""
_OURS = re.compile(r"(\d{8}-\d{6}-[a-z][0-9a-f]{10})-.+", re.ASCII | re.DOTALL)
logger = logging.getLogger(__name__)


class NotUsable(Exception):
    """A file that is not taken in, whatever is in it. `code` is one of `results.PLACES`."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Changed(Exception):
    """The file is not as it was when it was found whole: somebody writes to it."""


@dataclass(frozen=True)
class Seen:
    """How a file looks. While this stays the same nobody writes to it. `links` is 0 for what is no file."""

    inode: int
    size: int
    changed: int
    links: int

    @classmethod
    def of(cls, found: os.stat_result) -> Seen:
        links = found.st_nlink if stat.S_ISREG(found.st_mode) else 0
        return cls(found.st_ino, found.st_size, found.st_mtime_ns, links)


@dataclass(frozen=True)
class Folders:
    """Descriptors of the watched folder and of ours in it: whatever is renamed meanwhile, they are the same folders."""

    watched: int
    taken: int
    refused: int
    documents: int


@contextmanager
def opened(folder: Path) -> Iterator[Folders]:
    """Ours are made where they are not there. Raises OSError: the folder is away, or one of ours can be written to by others."""
    with ExitStack() as stack:
        watched = guarded.open_folder(folder)
        stack.callback(os.close, watched)
        own = []
        for name in (TAKEN, REFUSED, DOCUMENTS):
            own.append(guarded.open_own(name, within=watched))
            stack.callback(os.close, own[-1])
        yield Folders(watched, *own)


def waiting(folder: Path | int) -> dict[str, Seen]:
    """What lies in the folder under a final name, and is not empty. Folders are left alone. Raises OSError."""
    with os.scandir(folder) as entries:
        names = [each for each in entries if not each.is_dir(follow_symlinks=False) and is_final(each.name)]
        return _seen(names)


def _seen(entries: list[os.DirEntry[str]]) -> dict[str, Seen]:
    found: dict[str, Seen] = {}
    for entry in entries:
        with suppress(FileNotFoundError):  # another one has taken it
            found[entry.name] = Seen.of(entry.stat(follow_symlinks=False))
    return {name: seen for name, seen in found.items() if seen.size or not seen.links}


def is_final(name: str) -> bool:
    return not name.startswith((".", "~")) and not name.lower().endswith((*TEMPORARY, RESULT))


def taken(folders: Folders, *, environment: str) -> dict[str, str]:
    """Names of the files that were taken for this environment, by their references. Raises OSError."""
    names = [name for name in os.listdir(folders.taken) if not name.endswith(RESULT)]
    mine = f"-{environment[0].lower()}"
    return {found[1]: name for name in sorted(names) if (found := _OURS.fullmatch(name)) and mine in found[1]}


def new_reference(*, environment: str, at: datetime) -> str:
    """Of one taking: the names of ours begin with it, so they sort by time, and two are never the same. It has the first letter of
    the environment: what was taken for one is not sent in another."""
    return f"{at:%Y%m%d-%H%M%S}-{environment[0].lower()}{uuid.uuid4().hex[:10]}"


def shown(name: str) -> str:
    """The name of a file as it may stand in names and messages of ours."""
    plain = clean_filename(without_identity_numbers(readable(name), hidden="x"))
    stem, ending = os.path.splitext(plain)
    while len(f"{stem}{ending}".encode()) > LONGEST_NAME:
        stem = stem[:-1]
    return f"{stem}{ending}"


def readable(name: str) -> str:
    """Without the bytes that are no text: a name of a file system may have any."""
    return os.fsencode(name).decode(errors="replace")


def claim(folders: Folders, name: str, *, reference: str) -> str:
    """Move the file among those that were taken; of several who do so at once, one succeeds. Returns its new name.

    Raises FileNotFoundError when another one was first, and OSError.
    """
    ours = f"{reference}-{shown(name)}"
    os.rename(name, ours, src_dir_fd=folders.watched, dst_dir_fd=folders.taken)
    return ours


def refuse(folders: Folders, name: str, result: Any) -> None:
    """Move a taken file among the refused ones. Its result is there before it comes; one beside the taken file goes after it.
    Raises OSError."""
    write_result(folders.refused, name, result)
    with suppress(FileNotFoundError):  # another one has done it
        os.rename(name, name, src_dir_fd=folders.taken, dst_dir_fd=folders.refused)
    guarded.remove(f"{name}{RESULT}", within=folders.taken)


def reading(
    path: Path | str, *, called: str, seen: Seen | None = None, within: int | None = None
) -> Iterator[Dropped]:  # fmt: skip
    """A file, open while it is used, as `called`. Raises NotUsable, Changed, FileNotFoundError. `within`: the folder of a name.

    A link is not followed, and of a file that has a second name somewhere else it is not known whose it is.
    """
    kind = os.stat(path, dir_fd=within, follow_symlinks=False).st_mode
    if not stat.S_ISREG(kind):
        raise NotUsable("LINK" if stat.S_ISLNK(kind) else "NO_FILE")
    try:
        number = guarded.open_to_read(path, within=within)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise NotUsable("UNREADABLE") from error
    with os.fdopen(number, "rb") as file:
        before = Seen.of(os.fstat(number))
        if before.links != 1:
            raise NotUsable("LINK" if before.links else "NO_FILE")
        if seen not in (None, before):
            raise Changed
        yield Dropped(readable(called), before.size, file)
        if Seen.of(os.fstat(number)) != before:
            raise Changed


class Dropped:
    """An open file of a folder, as the intake of heaps reads it."""

    def __init__(self, name: str, size: int, file: IO[bytes]) -> None:
        self.name, self.size, self._file = name, size, file

    def __getattr__(self, name: str) -> Any:
        """`read`, `seek`, and what a zip needs beside them."""
        return getattr(self._file, name)

    def read(self, size: int = -1, /) -> bytes:
        return self._file.read(size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._file.seek(offset, whence)


def read_result(folders: Folders, name: str) -> bytes | None:
    """Of a taken file, as we wrote it. None when there is none. Raises guarded.NotOurs."""
    return guarded.read_own(f"{name}{RESULT}", within=folders.taken, most=MOST_RESULT)


def write_result(within: int, name: str, result: Any) -> bool:
    """Whether it says something else than before. Raises OSError, also when the disk is full: the old one is whole then."""
    content = (json.dumps(result, ensure_ascii=False, indent=1) + "\n").encode()
    with suppress(guarded.NotOurs):
        if guarded.read_own(f"{name}{RESULT}", within=within, most=len(content)) == content:
            return False
    guarded.write_whole(f"{name}{RESULT}", content, within=within)
    return True


def remove_old(folders: Folders, *, finished: Collection[str], before: datetime) -> int:
    """Delete refused files, and taken ones of the references that are `finished`, whose results are older, and results without a
    file. Returns how many. Raises OSError when a folder cannot be listed; what one file raises is logged.

    What a process that was killed had begun to write goes too.
    """
    gone, received = 0, os.listdir(folders.documents)
    for within, some in ((folders.taken, finished), (folders.refused, None), (folders.documents, ())):
        names = set(os.listdir(within))
        for name in sorted(names):
            try:
                gone += _remove_if_old(within, name, names, some, before) and _remove_documents(folders, name, received)
            except Exception as error:
                logger.error("an old file of a watched folder cannot be deleted: %s", type(error).__name__)
    return gone


def _remove_if_old(
    within: int, name: str, names: Collection[str], finished: Collection[str] | None, before: datetime
) -> bool:
    """By the result of a file, or what was begun. Whether a file went. `finished` None: all that lie here are."""
    changed = guarded.changed_at(name, within=within)
    if changed is None or changed >= before.timestamp():
        return False
    if name.startswith(".") and name.endswith(".part"):
        guarded.remove(name, within=within)
    file = name.removesuffix(RESULT)
    found = _OURS.fullmatch(file)
    if not found or file == name:
        return False
    is_alone = file not in names  # it was moved, and the process that did so was killed
    if not is_alone and finished is not None and found[1] not in finished:
        return False
    guarded.remove(file, within=within)
    guarded.remove(name, within=within)
    return not is_alone


def _remove_documents(folders: Folders, name: str, received: Collection[str]) -> bool:
    found = _OURS.fullmatch(name)
    for each in received:
        if found and each.startswith(f"{found[1]}-"):
            guarded.remove(each, within=folders.documents)
    return True
