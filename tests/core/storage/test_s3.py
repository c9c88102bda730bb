"""A bucket of a real server: what is stored is read, listed and removed, and nothing that fails passes for something else."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import socket
import tracemalloc
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile, File
from django.utils import timezone

from portal.core.problems import StorageFailed, code_of
from portal.core.storage import s3 as s3_storage
from portal.core.storage.names import names
from portal.core.storage.s3 import S3Storage
from tests import s3
from tests.s3_proxy import Proxy

CONTENT = os.urandom(700_000)
MB = 1 << 20


@pytest.fixture
def storage(s3_server: s3.Server, bucket: str) -> S3Storage:
    return s3_server.storage(bucket, prefix="portal/documents/")


@pytest.fixture
def behind(s3_server: s3.Server, bucket: str, proxy: Proxy) -> S3Storage:
    """The same bucket, seen through the proxy."""
    return s3_server.storage(bucket, prefix="portal/documents/", endpoint=proxy.url)


def read(storage: S3Storage, name: str = "ab/cd/file") -> bytes:
    with storage.open(name) as file:
        return file.read()


def test_what_is_stored_is_read_back(storage: S3Storage) -> None:
    name = storage.save("ab/cd/file", ContentFile(CONTENT))

    assert (name, read(storage), storage.size(name)) == ("ab/cd/file", CONTENT, len(CONTENT))
    assert abs(storage.get_modified_time(name) - timezone.now()) < timedelta(minutes=2)
    assert list(storage.names()) == [name]
    assert storage.url(name) == "/ab/cd/file"


def test_an_open_file_knows_its_size_and_is_read_in_parts(storage: S3Storage) -> None:
    storage.save("ab/cd/file", ContentFile(CONTENT))

    with storage.open("ab/cd/file") as file:
        first, size = file.read(5), file.size
        rest = file.read()

    assert (first + rest, size) == (CONTENT, len(CONTENT))


def test_the_same_name_again_gets_another_name_as_in_a_folder(storage: S3Storage) -> None:
    first, second = (storage.save("ab/cd/file", ContentFile(text)) for text in (b"one", b"two"))

    assert first != second
    assert (read(storage, first), read(storage, second)) == (b"one", b"two")


def test_what_was_removed_is_gone_and_may_be_removed_again(storage: S3Storage) -> None:
    storage.save("ab/cd/file", ContentFile(b"one"))

    storage.delete("ab/cd/file")
    storage.delete("ab/cd/file")

    assert not storage.exists("ab/cd/file")
    for ask in (storage.open, storage.size, storage.get_modified_time):
        with pytest.raises(FileNotFoundError):
            ask("ab/cd/file")


def test_a_stream_that_cannot_be_read_twice_is_stored(storage: S3Storage) -> None:
    """As the files of a backup come."""

    class Stream(io.RawIOBase):
        left = io.BytesIO(CONTENT)

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any, /) -> int:
            return self.left.readinto(buffer)

    storage.save("ab/cd/file", File(io.BufferedReader(Stream())))

    assert read(storage) == CONTENT


def test_names_are_given_from_any_one_on_and_all_of_them(storage: S3Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_storage, "PAGE", 3)
    every = [f"{number:02x}/aa/file" for number in range(10)]
    for name in every:
        storage.save(name, ContentFile(b"x"))

    assert list(names(storage)) == every
    assert list(names(storage, first="04/00/0")) == every[4:] + every[:4]
    assert list(names(storage, first="04/aa/file")) == every[5:] + every[:5]
    assert list(names(storage, first="04/aa/g")) == every[5:] + every[:5]
    assert list(names(storage, first="zz/00/0")) == every


def test_nothing_of_another_prefix_is_seen_or_reached(s3_server: s3.Server, storage: S3Storage, bucket: str) -> None:
    s3_server.storage(bucket).save("portal/other/file", ContentFile(b"x"))

    assert list(storage.names()) == []
    with pytest.raises(SuspiciousFileOperation):
        storage.open("../other/file")


def test_a_bucket_may_be_a_host_name(
    s3_server: s3.Server, bucket: str, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *more, **named: resolve(host if "." not in host else "127.0.0.1", *more, **named)
    )  # fmt: skip
    storage = s3_server.storage(bucket, endpoint=f"http://{s3.DOMAIN}:{proxy.port}", addressing="virtual")

    storage.save("ab/file", ContentFile(CONTENT))

    assert read(storage, "ab/file") == CONTENT
    assert {host for _method, host, _path in proxy.asked} == {f"{bucket}.{s3.DOMAIN}:{proxy.port}"}


def test_a_large_file_is_never_held_in_memory(storage: S3Storage) -> None:
    part, number = os.urandom(MB), 48
    digest = hashlib.sha256(part * number).hexdigest()

    class Large(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any, /) -> int:
            size = min(len(buffer), number * MB - self.given)
            start = self.given % MB
            size = min(size, MB - start)
            buffer[:size] = part[start : start + size]
            self.given += size
            return size

    storage.save("ab/warm", ContentFile(b"x"))
    tracemalloc.start()
    try:
        storage.save("ab/large", File(io.BufferedReader(Large())))
        came = hashlib.sha256()
        with storage.open("ab/large") as file:
            while some := file.read(MB):
                came.update(some)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert came.hexdigest() == digest
    assert peak < 8 * MB


EIO = (errno.EIO, "STORAGE_FAILED")
TOLD = {
    "busy": EIO,
    "broken": EIO,
    "reset": EIO,
    "no bucket": EIO,
    "denied": (errno.EACCES, "STORAGE_FAILED"),
    "full": (errno.ENOSPC, "DISK_FULL"),
}


@pytest.mark.parametrize("kind", TOLD)
def test_an_outage_is_never_a_missing_file(
    behind: S3Storage, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setitem(s3_storage.PATIENT, "retries", {"total_max_attempts": 1})
    behind.save("ab/cd/file", ContentFile(CONTENT))
    proxy.fail(kind)

    for ask in (behind.open, behind._save, lambda name: list(behind.names()), behind.delete):
        with pytest.raises(StorageFailed) as failed:
            ask("ab/cd/file", *([File(io.BytesIO(b"x"))] if ask == behind._save else []))
        assert (failed.value.errno, code_of(failed.value)) == TOLD[kind]
    proxy.mend()

    assert read(behind) == CONTENT


@pytest.mark.parametrize("kind", ["busy", "broken", "reset"])
def test_what_fails_once_is_tried_again_at_once(behind: S3Storage, proxy: Proxy, kind: str) -> None:
    for method in ("PUT", "GET", "HEAD"):
        proxy.fail(kind, method=method, times=1)

    behind.save("ab/cd/file", ContentFile(CONTENT))

    assert read(behind) == CONTENT
    assert not any(fault.times for fault in proxy.faults)


def test_a_file_that_breaks_off_is_no_shorter_file(behind: S3Storage, proxy: Proxy) -> None:
    behind.save("ab/cd/file", ContentFile(CONTENT))
    proxy.fail("truncated")

    with pytest.raises(StorageFailed), behind.open("ab/cd/file") as file:
        file.read()


def test_a_server_that_does_not_answer_is_given_up(
    behind: S3Storage, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(s3_storage.PATIENT, "read_timeout", 0.3)
    behind.save("ab/cd/file", ContentFile(b"x"))
    proxy.fail("slow", seconds=2)

    with pytest.raises(StorageFailed):
        behind.open("ab/cd/file")


def test_a_file_that_comes_byte_by_byte_is_given_up(behind: S3Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    behind.save("ab/cd/file", ContentFile(CONTENT))
    monkeypatch.setattr(s3_storage, "MOST_SECONDS", -1.0)

    with pytest.raises(StorageFailed) as failed, behind.open("ab/cd/file") as file:
        file.read()

    assert failed.value.errno == errno.ETIMEDOUT


def test_bytes_that_were_changed_on_their_way_are_not_stored(behind: S3Storage, proxy: Proxy) -> None:
    proxy.fail("changed on its way", method="PUT")

    with pytest.raises(StorageFailed):
        behind.save("ab/cd/file", ContentFile(CONTENT))
    proxy.mend()

    assert not behind.exists("ab/cd/file")


def test_a_wrong_hash_is_refused_by_the_server(storage: S3Storage) -> None:
    with pytest.raises(StorageFailed):
        storage.put("ab/cd/file", io.BytesIO(b"one"), sha256=hashlib.sha256(b"another").digest())

    assert not storage.exists("ab/cd/file")


def test_wrong_keys_are_told_as_no_access(s3_server: s3.Server, bucket: str) -> None:
    for wrong in ({"secret_key": "another"}, {"access_key": "another"}):
        storage = s3_server.storage(bucket, **wrong)
        for ask in (partial(storage.open, "file"), partial(storage.exists, "file"), storage.reach):
            with pytest.raises(StorageFailed) as failed:
                ask()
            assert failed.value.errno == errno.EACCES
            assert "another" not in str(failed.value)


def test_a_bucket_that_is_not_there_is_told_as_that(s3_server: s3.Server) -> None:
    storage = s3_server.storage("no-such-bucket")

    with pytest.raises(StorageFailed) as failed:
        storage.reach()
    with pytest.raises(StorageFailed):
        storage.open("ab/cd/file")

    assert failed.value.errno == errno.ENXIO


def test_nobody_at_the_address_is_an_outage(s3_server: s3.Server) -> None:
    with pytest.raises(StorageFailed):
        s3_server.storage("any", endpoint="http://127.0.0.1:1").reach()


def test_each_process_has_connections_of_its_own(storage: S3Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    ours = storage.client()
    monkeypatch.setattr(os, "getpid", lambda: -1)

    assert storage.client() is not ours
    assert storage.client() is storage.client()
