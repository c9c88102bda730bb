"""Documents on their way to a browser: shown escaped, handed out with headers that let nothing run."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from django.core.files.storage import storages
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portal.core.audit import AuditEvent
from submissions.models import Document, Submission
from submissions.services.documents import storage_path, store_document
from tests.fixtures import AT


@pytest.fixture(autouse=True)
def logged_in(client: Client, administrator: User) -> None:
    client.force_login(administrator)


def store(draft: Submission, content: bytes, media_type: str = "application/xml", **fields: str) -> Document:
    return store_document(
        content=content,
        filename=fields.get("filename", "a.xml"),
        media_type=media_type,
        role=fields.get("role", "MAIN"),
        customer=draft.customer,
        submission=draft,
        at=AT,
    )


def url(name: str, document: Document) -> str:
    return reverse(name, kwargs={"environment": "sandbox", "pk": document.pk})


def test_markup_in_a_document_is_shown_and_not_run(client: Client, draft: Submission) -> None:
    document = store(draft, b"<a><script>alert(1)</script></a>")

    page = client.get(url("document", document)).content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "application/xhtml+xml", ""])
def test_a_type_we_do_not_vouch_for_goes_out_as_bytes(client: Client, draft: Submission, media_type: str) -> None:
    response = client.get(url("document-file", store(draft, b"<script/>", media_type)))

    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")


def test_a_file_is_handed_out_with_strict_headers(client: Client, draft: Submission) -> None:
    response = client.get(url("document-file", store(draft, b"<a/>", filename='skjema "2025" æ.xml')) + "?open")

    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response["Content-Security-Policy"]
    assert "sandbox" in response["Content-Security-Policy"]
    assert "no-store" in response["Cache-Control"]


def test_a_pdf_opens_in_the_browser_when_asked_to(client: Client, draft: Submission) -> None:
    document = store(draft, b"%PDF-1.7", "application/pdf", filename="tilbakemelding.pdf", role="FEEDBACK")

    opened, saved = client.get(url("document-file", document) + "?open"), client.get(url("document-file", document))

    assert opened["Content-Disposition"].startswith("inline")
    assert opened["Content-Type"] == "application/pdf"
    assert saved["Content-Disposition"].startswith("attachment")


def test_reading_a_document_is_in_the_trail(client: Client, draft: Submission, administrator: User) -> None:
    document = store(draft, b"<a/>")

    client.get(url("document", document))

    assert AuditEvent.objects.get(target=f"submissions.Document:{document.pk}").by == administrator.actor


def test_the_evidence_package_holds_everything_with_hashes(client: Client, draft: Submission) -> None:
    store(draft, b"<a/>")
    store(draft, b"<b/>", role="PART")
    store(draft, b"<c/>", filename="A.XML", role="PART")
    store(draft, b"{}", "application/json", filename="kvittering.json", role="RECEIPT")

    response = client.get(reverse("submission-evidence", kwargs={"environment": "sandbox", "pk": draft.pk}))

    archive = zipfile.ZipFile(io.BytesIO(b"".join(response)))  # type: ignore[arg-type]
    hashes = json.loads(archive.read("hashes.json"))["sha256"]
    assert {"sendt/a.xml", "sendt/a-2.xml", "kvittering/kvittering.json", "hendelser.json", "kall.json"} < set(hashes)
    assert archive.read("sendt/a-2.xml") == b"<b/>"
    assert archive.read("sendt/A-3.XML") == b"<c/>"
    assert len({name.casefold() for name in archive.namelist()}) == len(archive.namelist())


def test_names_in_the_evidence_package_are_distinct_without_regard_to_case(client: Client, draft: Submission) -> None:
    store(draft, b"<a/>", filename="Skjema.xml")
    store(draft, b"<b/>", filename="skjema.xml", role="PART")

    response = client.get(reverse("submission-evidence", kwargs={"environment": "sandbox", "pk": draft.pk}))

    names = zipfile.ZipFile(io.BytesIO(b"".join(response))).namelist()  # type: ignore[arg-type]
    assert {"sendt/Skjema.xml", "sendt/skjema-2.xml"} < set(names)
    assert len({name.casefold() for name in names}) == len(names)


def test_a_document_that_is_gone_gives_an_explanation_instead_of_an_error(client: Client, draft: Submission) -> None:
    document = store(draft, b"<a/>")
    storages["documents"].delete(storage_path(document.sha256))

    page = client.get(url("document", document))
    file = client.get(url("document-file", document))
    package = client.get(url("submission-evidence", document).replace(f"/{document.pk}/", f"/{draft.pk}/"), follow=True)

    assert "En fil vi har lagret, kan ikke leses" in page.content.decode()
    assert file["Location"] == url("document", document)
    assert "En fil vi har lagret, kan ikke leses" in package.content.decode()
