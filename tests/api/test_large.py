"""A large upload goes through the web process in pieces, and is stored whole."""

from __future__ import annotations

import hashlib
import threading
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
ALLOWED = 30 * MB
"""What the process may grow by while it takes the upload: less than the file."""


class Watch(threading.Thread):
    """The most memory that the web process and its children hold."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most, self.stopped = self.now(), threading.Event()

    def now(self) -> int:
        web = [one for one in psutil.Process().children() if "granian" in " ".join(one.cmdline())]
        return sum(each.memory_info().rss for one in web for each in [one, *one.children(recursive=True)])

    def run(self) -> None:
        while not self.stopped.wait(0.02):
            self.most = max(self.most, self.now())


@pytest.fixture
def portal(erp: Erp, world: World, tmp_path: Path, settings: Any) -> Iterator[str]:
    shared_documents(settings)
    with running_web(tmp_path) as address:
        yield address


def _file(number: int) -> bytes:
    """An XML file that is long, and different in each of its parts."""
    filler = "".join(f"<!-- {number} {place:>40} -->" for place in range(SIZE // PARTS // 51))
    return f"<melding>{filler}</melding>".encode()


@pytest.mark.django_db(transaction=True)
def test_fifty_megabytes_are_streamed_to_the_storage(portal: str, erp: Erp) -> None:
    files = [("files", (f"RF-1086-U-{number}.xml", _file(number))) for number in range(PARTS)]
    headers = {"Authorization": f"Bearer {erp.token}", "Idempotency-Key": str(uuid4())}
    about = {"orgnr": CUSTOMER_ORGNR, "service": SERVICE, "period": "2025"}
    httpx.get(f"{portal}/api/v1/submissions", headers=headers, timeout=120)  # everything is loaded
    watch = Watch()
    watch.start()
    before = watch.most

    reply = httpx.post(
        f"{portal}/api/v1/submissions/files", data=about, files=files,
        headers={**headers, "Idempotency-Key": str(uuid4())}, timeout=300,
    )  # fmt: skip

    watch.stopped.set()
    watch.join()
    assert (reply.status_code, reply.json().get("refused_files")) == (201, 0), reply.text
    wanted = {hashlib.sha256(content).hexdigest(): len(content) for _field, (_name, content) in files}
    assert dict(Document.objects.values_list("sha256", "size")) == wanted
    assert sum(wanted.values()) > 50 * MB
    for document in Document.objects.all():
        with open_document(document) as stored:
            assert hashlib.file_digest(stored, "sha256").hexdigest() == document.sha256
    assert (watch.most - before) // MB < ALLOWED // MB
