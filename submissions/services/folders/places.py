"""The folder itself: which of its files are whole, moving them, and writing beside them. Nothing of the database.

Everything that others may see of a file of ours appears at once, by a rename. Names of ours have no identity numbers.
"""

from __future__ import annotations

import json
import os
import re
import stat
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from portal.core.masking import without_identity_numbers
from submissions.services.documents import clean_filename

TAKEN, REFUSED, DOCUMENTS = "taken", "refused", "documents"
RESULT = ".result.json"
TEMPORARY = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", "~")
"""Endings of names that are not final: such files are left alone, as those are that begin with a point."""
LONGEST_NAME = 150
"""Bytes of the name in a name of ours: with what stands around it, it fits every file system."""
_OURS = re.compile(r"(\d{8}-\d{6}-[a-z][0-9a-f]{10})-.+")


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


def prepare(folder: Path) -> None:
    """Raises OSError when the folder is not there, or cannot be written to."""
    for name in (TAKEN, REFUSED, DOCUMENTS):
        (folder / name).mkdir(mode=0o770, exist_ok=True)


def waiting(folder: Path) -> dict[str, Seen]:
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


def taken(folder: Path, *, environment: str) -> dict[str, str]:
    """Names of the files that were taken for this environment, by their references. Raises OSError."""
    names = [name for name in os.listdir(folder / TAKEN) if not name.endswith(RESULT)]
    mine = f"-{environment[0].lower()}"
    return {found[1]: name for name in sorted(names) if (found := _OURS.fullmatch(name)) and mine in found[1]}


def new_reference(*, environment: str, at: datetime) -> str:
    """Of one taking: the names of ours begin with it, so they sort by time, and two are never the same. It has the first letter of
    the environment: what was taken for one is not sent in another."""
    return f"{at:%Y%m%d-%H%M%S}-{environment[0].lower()}{uuid.uuid4().hex[:10]}"


def shown(name: str) -> str:
    """The name of a file as it may stand in names and messages of ours."""
    plain = clean_filename(without_identity_numbers(name, hidden="x"))
    stem, ending = os.path.splitext(plain)
    while len(f"{stem}{ending}".encode()) > LONGEST_NAME:
        stem = stem[:-1]
    return f"{stem}{ending}"


def claim(folder: Path, name: str, *, reference: str) -> str:
    """Move the file among those that were taken; of several who do so at once, one succeeds. Returns its new name.

    Raises FileNotFoundError when another one was first, and OSError.
    """
    ours = f"{reference}-{shown(name)}"
    os.rename(folder / name, folder / TAKEN / ours)
    return ours


def refuse(folder: Path, name: str) -> None:
    """Move a taken file among the refused ones. Its result is there before it comes, and leaves after it: a taken file without a
    result is one that nobody has looked at. Raises OSError."""
    with suppress(FileNotFoundError):  # another one has done it
        write_whole(folder / REFUSED / f"{name}{RESULT}", (folder / TAKEN / f"{name}{RESULT}").read_bytes())
        os.rename(folder / TAKEN / name, folder / REFUSED / name)
        (folder / TAKEN / f"{name}{RESULT}").unlink()


def reading(folder: Path, name: str, *, called: str, seen: Seen | None = None) -> Iterator[Dropped]:
    """A file, open while it is used, as `called`. Raises NotUsable, Changed, FileNotFoundError.

    A link is not followed, and of a file that has a second name somewhere else it is not known whose it is.
    """
    path = folder / name
    kind = path.lstat().st_mode
    if not stat.S_ISREG(kind):
        raise NotUsable("LINK" if stat.S_ISLNK(kind) else "NO_FILE")
    try:
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise NotUsable("UNREADABLE") from error
    with os.fdopen(number, "rb") as file:
        before = Seen.of(os.fstat(number))
        if before.links != 1:
            raise NotUsable("LINK")
        if seen not in (None, before):
            raise Changed
        yield Dropped(called, before.size, file)
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


def read_result(folder: Path, place: str, name: str) -> dict[str, Any] | None:
    """None when there is none that can be read."""
    try:
        found = json.loads((folder / place / f"{name}{RESULT}").read_bytes())
    except (OSError, ValueError):
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


def write_result(folder: Path, place: str, name: str, result: Any) -> bool:
    """Whether it says something else than before. Raises OSError, also when the disk is full: the old one is whole then."""
    path = folder / place / f"{name}{RESULT}"
    content = (json.dumps(result, ensure_ascii=False, indent=1) + "\n").encode()
    with suppress(OSError):
        if path.read_bytes() == content:
            return False
    write_whole(path, content)
    return True


def write_whole(path: Path, content: bytes) -> None:
    """The file appears with all its content, or not at all. Raises OSError."""
    beside = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def remove_old(folder: Path, *, before: datetime) -> int:
    """Delete taken and refused files whose result is final and older. Returns how many. Raises OSError.

    What a process that was killed had begun to write goes too.
    """
    gone = 0
    for place in (TAKEN, REFUSED, DOCUMENTS):
        for begun in (folder / place).glob(".*.part"):
            if begun.stat().st_mtime < before.timestamp():
                begun.unlink(missing_ok=True)
        for path in (folder / place).glob(f"*{RESULT}"):
            name = path.name.removesuffix(RESULT)
            result = read_result(folder, place, name) if path.stat().st_mtime < before.timestamp() else None
            if result and result.get("is_final") and _OURS.fullmatch(name):
                for each in [folder / place / name, *(folder / DOCUMENTS).glob(f"{result['taken']}-*"), path]:
                    each.unlink(missing_ok=True)
                gone += 1
    return gone
