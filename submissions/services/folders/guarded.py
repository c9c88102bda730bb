"""Files in folders where others may have put anything: by the descriptor of the folder, without following a link and without waiting.

What others can write to is never a folder of ours, and what is not ours is never read as if it were.
"""

from __future__ import annotations

import errno
import os
import stat
import uuid
from contextlib import suppress

OTHERS = stat.S_IWGRP | stat.S_IWOTH
_OPENED = os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | _OPENED


class NotOurs(Exception):
    """What lies there was not written by us, or is no file, or is too large."""


def open_folder(path: str | os.PathLike[str]) -> int:
    """The folder that somebody named: a link to it is followed. Raises OSError, which says in plain words why it is not believed.

    Where others write, the sticky bit keeps them from moving our folders away, and the files of one another.
    """
    number = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    mode = os.fstat(number).st_mode
    if mode & OTHERS and not mode & stat.S_ISVTX:
        os.close(number)
        raise PermissionError(
            errno.EPERM, "others can write to it and move what the portal has taken. Set the sticky bit: chmod +t"
        )
    return number


def open_own(name: str, *, within: int) -> int:
    """A folder of ours in another, made where it is not there. Raises OSError, which says in plain words why it is not believed."""
    with suppress(FileExistsError):
        os.mkdir(name, 0o750, dir_fd=within)
    try:
        number = os.open(name, os.O_RDONLY | os.O_DIRECTORY | _OPENED, dir_fd=within)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR):
            raise PermissionError(errno.EPERM, f"{name}/ is a link or a file. Take it away") from error
        raise
    if wrong := _wrong_with(os.fstat(number)):
        os.close(number)
        raise PermissionError(errno.EPERM, f"{name}/ {wrong}")
    return number


def _wrong_with(found: os.stat_result) -> str:
    if found.st_uid != os.geteuid():
        return f"belongs to user {found.st_uid}, and must belong to {os.geteuid()}, whom the portal runs as"
    return "can be written to by others. Take that right away: chmod go-w" if found.st_mode & OTHERS else ""


def open_to_read(path: str | os.PathLike[str], *, within: int | None) -> int:
    """Whatever it is: the caller looks. Raises OSError, for a link too."""
    return os.open(path, _READ, dir_fd=within)


def read_own(name: str, *, within: int, most: int) -> bytes | None:
    """The content of a file that we wrote, of so many bytes at most. None when nothing lies there. Raises NotOurs."""
    try:
        number = open_to_read(name, within=within)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise NotOurs(name) from error
    with os.fdopen(number, "rb") as file:
        found = os.fstat(number)
        is_ours = stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and not _wrong_with(found)
        content = file.read(most + 1) if is_ours else b""
    if not is_ours or len(content) > most:
        raise NotOurs(name)
    return content


def write_whole(name: str, content: bytes, *, within: int) -> None:
    """The file appears with all its content, or not at all, in the place of whatever lay there. Raises OSError."""
    beside = f".{uuid.uuid4().hex}.part"
    number = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPENED, 0o644, dir_fd=within)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(number)
        os.replace(beside, name, src_dir_fd=within, dst_dir_fd=within)
    except BaseException:
        remove(beside, within=within)
        raise


def touch(name: str, *, within: int) -> None:
    """The time of the file is now; a link is touched itself. Raises OSError."""
    try:
        os.utime(name, dir_fd=within, follow_symlinks=False)
    except FileNotFoundError:
        with suppress(FileExistsError):
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPENED, 0o644, dir_fd=within))


def remove(name: str, *, within: int) -> None:
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=within)


def exists(name: str, *, within: int) -> bool:
    return changed_at(name, within=within) is not None


def changed_at(name: str, *, within: int) -> float | None:
    """When it was last written, in seconds; of a link itself. None when it is not there."""
    try:
        return os.stat(name, dir_fd=within, follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return None
