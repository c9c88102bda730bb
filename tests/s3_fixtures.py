"""A server of S3 that runs for the whole session, with a bucket and a proxy for each test. A plugin of pytest: see tests/conftest.py."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests import s3, s3_proxy

numbers = itertools.count(1)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[s3.Server]:
    from tests import s3  # takes a moment to import

    with s3.running() as server:
        yield server


@pytest.fixture
def bucket(s3_server: s3.Server) -> str:
    """A new one."""
    return s3_server.bucket(f"bucket-{next(numbers)}")


@pytest.fixture
def proxy(s3_server: s3.Server) -> Iterator[s3_proxy.Proxy]:
    from tests import s3_proxy

    with s3_proxy.standing_before(s3_server.url) as made:
        yield made


@pytest.fixture
def documents_in_s3(s3_server: s3.Server, bucket: str, proxy: s3_proxy.Proxy, settings: Any) -> s3_proxy.Proxy:
    """The documents of this test are in a bucket, behind the proxy."""
    options = s3_server.options(bucket, endpoint=proxy.url, prefix="portal/documents/")
    storage = {"BACKEND": "portal.core.storage.s3.S3Storage", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "documents": storage}
    return proxy
