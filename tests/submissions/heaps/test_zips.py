"""Zips that are no honest list of files: each is refused with a reason, and nothing of it is stored."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from accounts.models import User
from submissions.adapters.base import NamedFile
from submissions.models import HeapFile
from submissions.services import catalogue
from submissions.services.documents import storage
from submissions.services.heaps import archive, intake
from submissions.services.heaps.texts import TEXTS, reason
from tests.submissions.heaps.rig import drop, upload, verdicts, zipped

FORM = b"<Skjema/>"


def opened(content: bytes, **limits: Any) -> list[archive.Member]:
    options = {"files": archive.MOST_FILES, "most_bytes": archive.MOST_BYTES} | limits
    return list(archive.members(io.BytesIO(content), size=len(content), **options))


def refusal(content: bytes, **limits: Any) -> str:
    with pytest.raises(archive.BadZip) as caught:
        opened(content, **limits)
    return caught.value.code


def encrypted() -> bytes:
    """The flag that says so in the list of contents and at the file; the bytes need not be encrypted for it."""
    content = bytearray(zipped([("a.xml", FORM)]))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = content.index(signature) + offset
        content[position] |= 0x1
    return bytes(content)


def overlapping() -> bytes:
    """Ten entries of the list that share the bytes of one file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        made.writestr("a.xml", os.urandom(50_000))
        first = made.infolist()[0]
        for number in range(9):
            copy = zipfile.ZipInfo(f"b{number}.xml")
            for name in ("header_offset", "CRC", "compress_size", "file_size", "compress_type"):
                setattr(copy, name, getattr(first, name))
            made.filelist.append(copy)
    return buffer.getvalue()


def linked() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        info = zipfile.ZipInfo("a.xml")
        info.external_attr = 0o120777 << 16
        made.writestr(info, "/etc/passwd")
    return buffer.getvalue()


def with_method(method: int) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        made.writestr("a.xml", FORM)
    return buffer.getvalue()


def with_long_directory() -> bytes:
    """The end says that the list of contents is 200 MB long."""
    content = bytearray(zipped([("a.xml", FORM)]))
    position = content.rindex(b"PK\x05\x06")
    content[position + 12 : position + 16] = struct.pack("<L", 200_000_000)
    return bytes(content)


BAD = {
    "ZIP_ENCRYPTED": encrypted(),
    "ZIP_DAMAGED": b"PK\x03\x04 and then something else",
    "ZIP_EMPTY": zipped([]),
    "ZIP_LINK": linked(),
    "ZIP_METHOD": with_method(zipfile.ZIP_LZMA),
    "ZIP_TOO_MANY": with_long_directory(),
    "ZIP_DEPTH": zipped([("a/" * 11 + "a.xml", FORM)]),
}


@pytest.mark.parametrize(("code", "content"), BAD.items(), ids=BAD)
def test_a_bad_zip_is_refused_with_its_reason(code: str, content: bytes) -> None:
    assert refusal(content) == code


@pytest.mark.parametrize("name", ["../a.xml", "a/../../b.xml", "/etc/a.xml", "..\\a.xml", "C:\\a.xml", "\\a.xml"])
def test_a_name_that_points_out_of_its_folder_is_refused(name: str) -> None:
    assert refusal(zipped([(name, FORM)])) == "ZIP_PATH"


@pytest.mark.parametrize(
    "content", [zipped([("a.xml", b"a" * 15_000_000)]), overlapping()], ids=["packed", "overlapping"]
)
def test_a_zip_that_grows_beyond_measure_is_refused(content: bytes) -> None:
    assert refusal(content) in ("ZIP_RATIO", "ZIP_DAMAGED")


def test_more_files_or_bytes_than_there_is_room_for_are_refused() -> None:
    content = zipped([(f"{n}.xml", os.urandom(1000)) for n in range(6)])

    assert refusal(content, files=5) == "ZIP_TOO_MANY"
    assert refusal(content, most_bytes=5999) == "ZIP_TOO_LARGE"
    assert len(opened(content, files=6, most_bytes=6000)) == 6


def test_more_than_five_thousand_files_are_refused_before_any_is_unpacked() -> None:
    assert refusal(zipped([(f"{n}.xml", b"") for n in range(archive.MOST_FILES + 1)])) == "ZIP_TOO_MANY"


def test_a_zip_in_a_zip_is_told_and_not_opened() -> None:
    inner = zipped([("a.xml", FORM)])

    found = opened(zipped([("inner.zip", inner), ("no-ending", inner), ("b.7z", b"7z"), ("a.xml", FORM)]))

    assert [one.code for one in found] == ["ZIP_NESTED", "ZIP_NESTED", "ZIP_NESTED", ""]


def test_one_damaged_file_does_not_take_the_others_with_it() -> None:
    content = bytearray(zipped([("a.xml", os.urandom(3000)), ("b.xml", FORM)]))
    content[200] ^= 0xFF

    assert [one.code for one in opened(bytes(content))] == ["ZIP_DAMAGED_FILE", ""]


def test_a_file_that_no_service_takes_is_left_in_the_zip(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_FILE_BYTES", 1_000)
    (large,) = opened(zipped([("a.xml", os.urandom(1_001))]))

    assert (large.code, large.content) == ("FILE_TOO_LARGE", b"")


def test_what_systems_add_by_themselves_is_not_counted() -> None:
    found = opened(zipped([("__MACOSX/._a.xml", b"x"), ("a/.DS_Store", b"x"), ("a/", b""), ("a/b.xml", FORM)]))

    assert [one.name for one in found] == ["a/b.xml"]


def test_every_refusal_has_a_text() -> None:
    codes = {*BAD, "ZIP_PATH", "ZIP_RATIO", "ZIP_TOO_LARGE", "ZIP_NESTED", "ZIP_DAMAGED_FILE"}

    assert codes <= set(TEXTS)


@pytest.mark.parametrize(("code", "content"), BAD.items(), ids=BAD)
def test_nothing_of_a_bad_zip_is_stored_and_the_heap_says_why(
    code: str, content: bytes, administrator: User, settings: Any
) -> None:
    heap = drop(administrator, NamedFile("alt.zip", content))

    row = heap.files.get()
    assert (row.verdict, row.code, row.sha256) == (HeapFile.Verdict.REFUSED, code, "")
    assert reason(row) not in ("", code)
    assert not any(path.is_file() for path in Path(storage().path("")).rglob("*"))  # type: ignore[attr-defined]


def test_good_files_beside_a_bad_zip_are_taken_in(administrator: User) -> None:
    heap = drop(administrator, NamedFile("alt.zip", encrypted()), NamedFile("a.xml", FORM))

    assert verdicts(heap) == {"REFUSED": 1, "WAITING": 1}


def test_a_heap_takes_the_largest_file_that_a_service_takes() -> None:
    assert max(entry.max_file_bytes for entry in catalogue.services()) == archive.MOST_FILE_BYTES


def test_files_that_others_added_while_ours_were_read_count(
    administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "MOST_FILES", 3)
    heap = drop(administrator, NamedFile("a.xml", FORM))
    real = intake._taken

    def slow(*args: Any, **options: Any) -> Any:
        rows = real(*args, **options)
        monkeypatch.setattr(intake, "_taken", real)
        intake.add(heap=heap, uploads=[upload("d.xml", FORM)], by=administrator.actor, at=heap.created_at)
        return rows

    monkeypatch.setattr(intake, "_taken", slow)

    with pytest.raises(intake.Full):
        uploads = [upload("b.xml", FORM), upload("c.xml", FORM)]
        intake.add(heap=heap, uploads=uploads, by=administrator.actor, at=heap.created_at)
    assert heap.files.count() == 2


def test_a_heap_that_is_full_takes_nothing_more(administrator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_FILES", 2)
    heap = drop(administrator, NamedFile("a.xml", FORM), NamedFile("b.xml", FORM))

    with pytest.raises(intake.Full):
        intake.add(heap=heap, uploads=[upload("c.xml", FORM)], by=administrator.actor, at=heap.created_at)

    assert heap.files.count() == 2
