"""Reads a zip that a person uploaded, without trusting it. Its list of contents is judged before any file is unpacked.

Nothing is written under a name from the zip: names are only shown. A zip in a zip is not opened. A refusal is a code with
parameters; the texts are in `texts`.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import IO

MB = 10**6
MOST_FILES = 5_000
"""In one heap."""
MOST_BYTES = 500 * MB
"""In one heap, unpacked."""
MOST_FILE_BYTES = 100 * MB
"""The largest that any service of the catalogue takes."""
MOST_DEPTH = 10
"""Folders above a file."""
MOST_RATIO = 200
"""Unpacked bytes for each packed one. XML with thousands of equal elements reaches about 60."""
SMALL = 100_000
"""A file up to this size may have any ratio."""
MOST_DIRECTORY = 4 * MB
"""Bytes of the list of contents: 800 for each file."""
LONGEST_COMMENT = 65_535
SIGNATURE = b"PK\x03\x04"
EMPTY = b"PK\x05\x06"
_END = struct.Struct("<4s4H2LH")
_LARGE = b"PK\x06\x07"
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
_ENCRYPTED = 0x1
_NESTED = {".zip", ".7z", ".rar", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".jar"}
_OFFICE = {".xlsx", ".xlsm", ".docx", ".pptx", ".ods", ".odt"}
_OF_SYSTEMS = {"__macosx", ".ds_store", "thumbs.db", "desktop.ini"}


class BadZip(Exception):
    """The zip is refused as a whole. `params` are those of the text of `code`."""

    def __init__(self, code: str, **params: str) -> None:
        super().__init__(code)
        self.code, self.params = code, params


@dataclass(frozen=True)
class Member:
    """A file of the zip. `code` is why it was not unpacked, "" when it was."""

    name: str
    size: int
    content: bytes = b""
    code: str = ""


def is_zip(name: str, start: bytes) -> bool:
    """By its name or its first bytes. Documents of office programs are zips too, and are not opened."""
    ending = PurePosixPath(name.lower()).suffix
    return ending == ".zip" or (start.startswith((SIGNATURE, EMPTY)) and ending not in _OFFICE)


def is_packed(name: str, start: bytes) -> bool:
    """A zip or another archive."""
    return PurePosixPath(name.lower()).suffix in _NESTED or is_zip(name, start)


def members(file: IO[bytes], *, size: int, files: int, most_bytes: int) -> Iterator[Member]:
    """The files of a zip of `size` bytes, one at a time. At most `files` and `most_bytes` unpacked.

    Raises BadZip before the first one, or never.
    """
    _check_end(file, size)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise BadZip("ZIP_DAMAGED") from error
    infos = [info for info in archive.infolist() if not _is_of_system(info)]
    _check(infos, size=size, files=files, most_bytes=most_bytes)
    return _unpacked(archive, [info for info in infos if not info.is_dir()])


def _check_end(file: IO[bytes], size: int) -> None:
    """The end of the zip says how long the list of contents is. It is asked before the list is read into memory."""
    file.seek(max(0, size - LONGEST_COMMENT - _END.size - 20))
    tail = file.read()
    position = tail.rfind(EMPTY)
    if position < 0 or len(tail) - position < _END.size:
        raise BadZip("ZIP_DAMAGED")
    _signature, _disk, _first, _here, number, length, _offset, _comment = _END.unpack_from(tail, position)
    if tail[max(0, position - 20) :].startswith(_LARGE) or number == 0xFFFF:
        raise BadZip("ZIP_TOO_MANY", most=str(MOST_FILES))
    if length > MOST_DIRECTORY:
        raise BadZip("ZIP_TOO_MANY", most=str(MOST_FILES))


def _is_of_system(info: zipfile.ZipInfo) -> bool:
    """What macOS and Windows add by themselves."""
    return any(part.lower() in _OF_SYSTEMS for part in _parts(info))


def _parts(info: zipfile.ZipInfo) -> list[str]:
    return [part for part in info.orig_filename.replace("\\", "/").split("/") if part]


def _check(infos: list[zipfile.ZipInfo], *, size: int, files: int, most_bytes: int) -> None:
    wanted = [info for info in infos if not info.is_dir()]
    if not wanted:
        raise BadZip("ZIP_EMPTY")
    if len(wanted) > files:
        raise BadZip("ZIP_TOO_MANY", most=str(MOST_FILES), n=str(len(wanted)))
    if any(info.flag_bits & _ENCRYPTED for info in infos):
        raise BadZip("ZIP_ENCRYPTED")
    for info in infos:
        _check_one(info)
    if sum(info.file_size for info in wanted) > most_bytes:
        raise BadZip("ZIP_TOO_LARGE", most=f"{MOST_BYTES / MB:.0f}")
    if sum(info.compress_size for info in wanted) > size:  # entries that share the same bytes
        raise BadZip("ZIP_RATIO")


def _check_one(info: zipfile.ZipInfo) -> None:
    name = info.orig_filename.replace("\\", "/")
    parts = _parts(info)
    if name.startswith("/") or ".." in parts or "\0" in name or (parts and parts[0][1:2] == ":"):
        raise BadZip("ZIP_PATH")
    if len(parts) - 1 > MOST_DEPTH:
        raise BadZip("ZIP_DEPTH", most=str(MOST_DEPTH))
    mode = info.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise BadZip("ZIP_LINK")
    if info.compress_type not in _METHODS:
        raise BadZip("ZIP_METHOD")
    if info.file_size > SMALL and info.file_size > MOST_RATIO * max(1, info.compress_size):
        raise BadZip("ZIP_RATIO")


def _unpacked(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]) -> Iterator[Member]:
    with archive:
        for info in infos:
            yield _read(archive, info)


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    """One file. It can be damaged while the others are not."""
    name = "/".join(_parts(info))
    if info.file_size > MOST_FILE_BYTES:
        return Member(name, info.file_size, code="FILE_TOO_LARGE")
    try:
        with archive.open(info) as file:
            content = file.read(info.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError, OSError):
        return Member(name, info.file_size, code="ZIP_DAMAGED_FILE")
    if len(content) != info.file_size:
        return Member(name, info.file_size, code="ZIP_DAMAGED_FILE")
    if is_packed(name, content[:4]):
        return Member(name, info.file_size, code="ZIP_NESTED")
    return Member(name, info.file_size, content)
