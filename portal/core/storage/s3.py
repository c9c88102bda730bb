"""Files in a bucket of Amazon S3 or of a server that speaks S3. What is read and written is streamed.

Raises FileNotFoundError for a file that is not there, and StorageFailed, an OSError, when the bucket cannot be used: whoever handles
a full disk handles that as well. Reference: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from __future__ import annotations

import base64
import errno
import hashlib
import io
import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import lru_cache
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from urllib.parse import urljoin

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage
from django.utils._os import safe_join
from django.utils.deconstruct import deconstructible
from django.utils.encoding import filepath_to_uri

from portal.core.problems import StorageFailed

logger = logging.getLogger(__name__)
CHUNK = 1 << 18
PAGE = 1000
"""Names with each answer; S3 gives no more."""
IN_MEMORY = 1 << 20
MOST_SECONDS = 120.0
"""For reading one file: the time-outs below begin anew with every byte."""
PATIENT: dict[str, Any] = {
    "connect_timeout": 5,
    "read_timeout": 20,
    "retries": {"mode": "standard", "total_max_attempts": 3},
}
QUICK: dict[str, Any] = {"connect_timeout": 2, "read_timeout": 2, "retries": {"total_max_attempts": 1}}
"""For a probe."""
MISSING = {"NoSuchKey", "NoSuchVersion"}
FULL = {"QuotaExceeded", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage"}


@lru_cache(maxsize=1)
def session() -> Session:
    """It keeps the description of S3's calls, which is large: loaded before a process is forked, it is shared."""
    return Session()


@deconstructible(path="portal.core.storage.s3.S3Storage")
class S3Storage(Storage):
    """One prefix of a bucket. Without `access_key` the machine's own role is used."""

    def __init__(
        self,
        *,
        bucket: str,
        region: str,
        prefix: str = "",
        endpoint: str | None = None,
        addressing: str = "path",
        access_key: str | None = None,
        secret_key: str | None = None,
    ) -> None:
        self.bucket, self.prefix, self.endpoint, self.region = bucket, prefix, endpoint, region
        self.addressing, self.access_key, self.secret_key = addressing, access_key, secret_key
        self._lock = threading.Lock()
        self._clients: dict[tuple[int, bool], Any] = {}

    def client(self, *, is_quick: bool = False) -> Any:
        """Of this process: connections are not shared with a process that was forked."""
        key = (os.getpid(), is_quick)
        if key not in self._clients:
            with self._lock:
                self._clients[key] = self._clients.get(key) or self._new_client(QUICK if is_quick else PATIENT)
        return self._clients[key]

    def _new_client(self, times: dict[str, Any]) -> Any:
        """Every request carries the hash of its body, signed: each server of S3 compares it with what came."""
        style = {"addressing_style": self.addressing, "payload_signing_enabled": True}
        config = Config(
            signature_version="s3v4", s3=style, max_pool_connections=50, request_checksum_calculation="when_required", **times
        )  # fmt: skip
        return session().create_client(
            "s3", region_name=self.region, endpoint_url=self.endpoint, aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key, config=config,
        )  # fmt: skip

    def where(self, name: str) -> dict[str, str]:
        """Of the file in the bucket. Raises SuspiciousFileOperation for a name that leads out of the prefix."""
        safe_join("/base", name)
        return {"Bucket": self.bucket, "Key": self.prefix + name.replace("\\", "/")}

    def _open(self, name: str, mode: str = "rb") -> File:
        if mode != "rb":
            raise ValueError(f"a file in a bucket is opened to be read, not {mode!r}")
        with asking(name):
            answer = self.client().get_object(**self.where(name))
        size = int(answer["ContentLength"])
        return Arriving(io.BufferedReader(_Body(answer["Body"], name, size), CHUNK), name, size)

    def _save(self, name: str, content: File) -> str:
        """Copied first, so that its hash goes before it, and a try that failed can be repeated."""
        digest = hashlib.sha256()
        with SpooledTemporaryFile(max_size=IN_MEMORY) as body:
            for part in content.chunks(CHUNK):
                digest.update(part)
                body.write(part)
            body.seek(0)
            self.put(name, body, sha256=digest.digest())
        return name

    def put(self, name: str, body: IO[bytes], *, sha256: bytes) -> None:
        """Replaces a file that is there, at once. Raises StorageFailed, also when the server got other bytes than those of the hash."""
        checksum = base64.b64encode(sha256).decode()
        with asking(name):
            self.client().put_object(**self.where(name), Body=body, ChecksumSHA256=checksum)

    def delete(self, name: str) -> None:
        with asking(name):
            self.client().delete_object(**self.where(name))

    def exists(self, name: str) -> bool:
        try:
            self._head(name)
        except FileNotFoundError:
            return False
        return True

    def size(self, name: str) -> int:
        return int(self._head(name)["ContentLength"])

    def get_modified_time(self, name: str) -> datetime:
        modified: datetime = self._head(name)["LastModified"]
        return modified

    def _head(self, name: str) -> Any:
        with asking(name):
            return self.client().head_object(**self.where(name))

    def url(self, name: str | None) -> str:
        """An address of ours: browsers do not talk to the bucket."""
        return urljoin(settings.MEDIA_URL, filepath_to_uri(name or "").lstrip("/"))

    def names(self, *, first: str = "") -> Iterator[str]:
        """All files: those after `first`, then the others. A thousand with each request."""
        yield from self._listed(after=first)
        if first:
            for name in self._listed(after=""):
                if name > first:
                    return
                yield name

    def _listed(self, *, after: str) -> Iterator[str]:
        with asking(self.prefix):
            paginator = self.client().get_paginator("list_objects_v2")
        start = {"StartAfter": self.prefix + after} if after else {}
        pages = iter(paginator.paginate(Bucket=self.bucket, Prefix=self.prefix, MaxKeys=PAGE, **start))
        while True:
            with asking(self.prefix):
                page = next(pages, None)
            if page is None:
                return
            keys = (entry["Key"].removeprefix(self.prefix) for entry in page.get("Contents", ()))
            yield from (key for key in keys if key and not key.endswith("/"))

    def reach(self) -> None:
        """Whether the bucket answers, within seconds. Raises StorageFailed."""
        with suppress(FileNotFoundError), asking(""):
            self.client(is_quick=True).head_bucket(Bucket=self.bucket)
            return
        raise StorageFailed(errno.ENXIO, f"there is no bucket {self.bucket}")


class Arriving(File):
    """A file that is read once, from its beginning. `size` in bytes."""

    def __init__(self, file: Any, name: str, size: int) -> None:
        super().__init__(file, name)
        self.size = size


class _Body(io.RawIOBase):
    """The body of an answer. An answer that breaks off or takes too long is a StorageFailed, never a shorter file."""

    def __init__(self, body: Any, name: str, size: int) -> None:
        self.body, self.name, self.left = body, name, size
        self.until = time.monotonic() + MOST_SECONDS

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        if time.monotonic() > self.until:
            raise StorageFailed(
                errno.ETIMEDOUT, f"{self.name or 'the bucket'}: the file did not come within {MOST_SECONDS:.0f} s"
            )
        with asking(self.name):
            part = self.body.read(len(buffer))
        self.left -= len(part)
        if not part and self.left:
            raise StorageFailed(errno.EIO, f"{self.name}: {self.left} bytes are missing")
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        self.body.close()
        super().close()


@contextmanager
def asking(name: str) -> Iterator[None]:
    """Says what went wrong in our words. Raises FileNotFoundError, StorageFailed."""
    try:
        yield
    except ClientError as error:
        raise _of_answer(error, name) from None
    except BotoCoreError as error:
        logger.warning("the storage does not answer: %s", error)
        raise StorageFailed(errno.EIO, f"{name or 'the bucket'}: {type(error).__name__}") from None


def _of_answer(error: ClientError, name: str) -> OSError:
    """A bucket that is not there is no missing file. The answer to HEAD has no code: its status stands for one."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in MISSING or code == "404":
        return FileNotFoundError(errno.ENOENT, "no such file in the bucket", name)
    logger.warning("the storage answered %s %s for %s", status, code, name or "the bucket")
    number = errno.ENOSPC if code in FULL or status == 507 else errno.EACCES if status in (401, 403) else errno.EIO
    return StorageFailed(number, f"{name or 'the bucket'}: the storage answered {status} {code}".rstrip())
