"""Files that are encrypted as streams: the format of all other encryption, checked before a byte is handed out."""

from __future__ import annotations

import hashlib
import io
import os
import tracemalloc
from typing import Any

import pytest

from portal.core import crypto
from portal.core.env import new_key
from portal.core.sealed_files import CHUNK, IN_MEMORY, seal, unseal

PLACE, ROW = "documents", "a row"
MB = 1 << 20
SIZES = (0, 1, 15, 16, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 17, IN_MEMORY + 1)


def sealed(content: bytes, row: str = ROW) -> bytes:
    with seal(io.BytesIO(content), place=PLACE, row=row) as file:
        return file.read()


def opened(content: bytes, plain: bytes) -> bytes:
    digest = hashlib.sha256(plain).hexdigest()
    with unseal(io.BytesIO(content), size=len(content), place=PLACE, row=ROW, sha256=digest) as file:
        return file.read()


@pytest.mark.parametrize("size", SIZES)
def test_the_format_is_that_of_everything_else(size: int) -> None:
    content = os.urandom(size)

    assert crypto.decrypt(sealed(content), place=PLACE, row=ROW) == content
    assert opened(crypto.encrypt(content, place=PLACE, row=ROW), content) == content


@pytest.mark.parametrize("size", [0, 1, CHUNK, 3 * CHUNK])
def test_a_changed_or_shortened_file_is_not_opened(size: int) -> None:
    content = os.urandom(size)
    whole = sealed(content)

    for position in (0, 5, len(whole) // 2, len(whole) - 1):
        damaged = whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :]
        with pytest.raises(crypto.CannotDecrypt):
            opened(damaged, content)
    for length in (0, 4, 10, 17, 30, len(whole) - 1):
        with pytest.raises(crypto.CannotDecrypt):
            opened(whole[:length], content)


def test_a_file_of_another_row_or_with_another_hash_is_not_opened() -> None:
    with pytest.raises(crypto.CannotDecrypt):
        opened(sealed(b"one", row="another"), b"one")
    with pytest.raises(crypto.CannotDecrypt, match="not what was stored"):
        opened(sealed(b"one"), b"another")


def test_the_key_that_fits_is_found(settings: Any) -> None:
    content, ring = sealed(b"one"), settings.ENCRYPTION_KEYS

    settings.ENCRYPTION_KEYS = [new_key(), *ring]
    assert opened(content, b"one") == b"one"

    settings.ENCRYPTION_KEYS = [new_key()]
    with pytest.raises(crypto.CannotDecrypt, match="none of the keys"):
        opened(content, b"one")


def test_memory_does_not_grow_with_the_file(tmp_path: Any) -> None:
    plain = tmp_path / "large"
    with plain.open("wb") as file:
        for _ in range(48):
            file.write(os.urandom(MB))
    digest = hashlib.sha256(plain.read_bytes()).hexdigest()
    tracemalloc.start()
    try:
        with plain.open("rb") as file, seal(file, place=PLACE, row=ROW) as shut:
            came = hashlib.sha256()
            with unseal(shut, size=48 * MB, place=PLACE, row=ROW, sha256=digest) as content:
                while some := content.read(MB):
                    came.update(some)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert came.hexdigest() == digest
    assert peak < 10 * MB
