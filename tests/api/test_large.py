"""A large upload goes through the web process in pieces, and is stored whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest

from submissions.models import Document
from submissions.services.documents import open_document
from tests.api.erp import Erp
from tests.api.running import running_web, shared_documents
from tests.fixtures import CUSTOMER_ORGNR
from tests.submissions.world import SERVICE, World

MB = 10**6
SIZE, PARTS = 51 * MB, 3
SMALL = 5 * MB
"""The upload before it, after which everything is loaded that an upload takes."""


def peak() -> int:
    """The most memory that the web process and its children have held, in bytes. Linux counts it, so that nothing is missed."""
    web = [one for one in psutil.Process().children() if "granian" in " ".join(one.cmdline())]
    every = [each for one in web for each in [one, *one.children(recursive=True)]]
    states = [Path(f"/proc/{each.pid}/status").read_text(encoding="utf-8") for each in every]
    return sum(int(state.partition("VmHWM:")[2].split()[0]) * 1024 for state in states)


@pytest.fixture
def portal(erp: Erp, world: World, tmp_path: Path, settings: Any) -> Iterator[str]:
    shared_documents(settings)
    with running_web(tmp_path) as address:
        yield address


def _file(number: int, size: int) -> bytes:
    """An XML file that is long, and different in each of its parts."""
    filler = "".join(f"<!-- {number} {place:>40} -->" for place in range(size // 51))
    return f"<melding>{filler}</melding>".encode()


def _upload(portal: str, erp: Erp, *contents: bytes, period: str) -> dict[str, int]:
    """Hashes and sizes of what was sent."""
    files = [("files", (f"RF-1086-U-{number}.xml", content)) for number, content in enumerate(contents)]
    headers = {"Authorization": f"Bearer {erp.token}", "Idempotency-Key": str(uuid4())}
    about = {"orgnr": CUSTOMER_ORGNR, "service": SERVICE, "period": period}
    reply = httpx.post(f"{portal}/api/v1/submissions/files", data=about, files=files, headers=headers, timeout=300)
    assert (reply.status_code, reply.json().get("refused_files")) == (201, 0), reply.text
    return {hashlib.sha256(content).hexdigest(): len(content) for content in contents}


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from /proc")
def test_fifty_megabytes_are_streamed_to_the_storage(portal: str, erp: Erp) -> None:
    small = _upload(portal, erp, _file(PARTS, SMALL), period="2024")
    before = peak()

    large = _upload(portal, erp, *(_file(number, SIZE // PARTS) for number in range(PARTS)), period="2025")

    grown = peak() - before
    assert dict(Document.objects.values_list("sha256", "size")) == small | large
    assert sum(large.values()) > 50 * MB
    for document in Document.objects.all():
        with open_document(document) as stored:
            assert hashlib.file_digest(stored, "sha256").hexdigest() == document.sha256
    assert grown < sum(large.values()) / 2
