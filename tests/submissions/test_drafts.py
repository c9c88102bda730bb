"""Gathering files: good ones stay, bad ones say why, and the package is ready only when it is whole."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from portal.core.audit import AuditEvent
from submissions.adapters.rf1086 import NamedFile
from submissions.adapters.rf1086.samples import example
from submissions.models import Document, PackageCheck, Submission
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.drafting import checking, drafts, removing
from submissions.services.drafting.drafts import NotAllowed, NotOpen
from systemusers.models import Access
from tests.fixtures import AT, CUSTOMER_ORGNR
from tests.submissions.world import SERVICE, make_draft

BY = "user:ida@vendor.example"
S = Submission.Status
BOMB = b"""<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><Skjema>&b;</Skjema>"""


def files(**options: Any) -> list[NamedFile]:
    return example(options.pop("orgnr", CUSTOMER_ORGNR), "Nordlys Eiendom AS", options.pop("year", 2025), **options)


def add(submission: Submission, *named: NamedFile) -> int:
    uploads = [SimpleUploadedFile(file.name, file.content) for file in named]
    return drafts.add_files(submission=submission, files=uploads, by=BY, at=AT)


def refused(submission: Submission) -> list[tuple[str, str]]:
    """Name of each file that was not kept, and the code of its first complaint."""
    entries = PackageCheck.objects.get(submission=submission).refused
    return [(entry["file"], entry["findings"][0]["code"]) for entry in entries]


def test_a_whole_package_is_ready_whatever_order_it_comes_in(draft: Submission) -> None:
    add(draft, *reversed(files(shareholders=3)))

    roles = list(draft.documents.values_list("role", flat=True))
    assert (draft.status, draft.findings) == (S.READY, [])
    assert (roles.count("MAIN"), roles.count("PART")) == (1, 3)


def test_files_may_come_in_several_rounds(draft: Submission) -> None:
    main, *parts = files()
    add(draft, main)
    assert (draft.status, draft.findings[0]["code"]) == (S.DRAFT, "NO_SUB_FORM")

    add(draft, *parts)

    assert draft.status == S.READY


def test_sums_that_do_not_agree_are_a_warning_and_no_hindrance(draft: Submission) -> None:
    add(draft, *files(wrong_sum=True))

    assert draft.status == S.READY
    assert {finding["level"] for finding in draft.findings} == {"WARNING"}
    assert (draft.errors, draft.warnings) == (0, len(draft.findings))


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("tom.xml", b"", "EMPTY_FILE"),
        ("brukket.xml", b"<Skjema><a></Skjema>", "MALFORMED"),
        ("navnerom.xml", b'<Skjema xmlns="urn:x" skjemanummer="890"/>', "NAMESPACE"),
        ("bombe.xml", BOMB, "DOCTYPE"),
        ("hoved.pdf", b"%PDF-1.7", "WRONG_ENDING"),
        ("hoved.xml", b"%PDF-1.7", "NOT_XML"),
        ("annen.xml", files(orgnr="310629499")[0].content, "OTHER_CUSTOMER"),
        ("fjor.xml", files(year=2024)[0].content, "OTHER_YEAR"),
    ],
)
def test_a_file_that_cannot_be_used_says_why_and_is_not_kept(
    draft: Submission, name: str, content: bytes, code: str
) -> None:
    add(draft, NamedFile(name, content))

    assert refused(draft) == [(name, code)]
    assert not draft.documents.exists()


def test_a_huge_file_is_refused_without_being_read(draft: Submission) -> None:
    class Huge:
        name, size = "stor.xml", 60_000_000

        def read(self, size: int = -1) -> bytes:
            raise AssertionError("60 MB were read into memory")

        def seek(self, offset: int) -> None:
            raise AssertionError("60 MB were looked at")

    drafts.add_files(submission=draft, files=[Huge()], by=BY, at=AT)

    (entry,) = PackageCheck.objects.get(submission=draft).refused
    (finding,) = checking.shown(entry["findings"], catalogue.service(SERVICE))
    assert "60 MB" in finding.text


def test_good_files_are_kept_when_a_bad_one_comes_along(draft: Submission) -> None:
    main, part, other = files()

    add(draft, main, NamedFile("tom.xml", b""), part, other)

    assert refused(draft) == [("tom.xml", "EMPTY_FILE")]
    assert {document.filename for document in draft.documents.all()} == {main.name, part.name, other.name}
    assert draft.status == S.READY


def test_a_new_main_form_takes_the_place_of_the_old(draft: Submission) -> None:
    add(draft, *files(wrong_sum=True))

    add(draft, NamedFile("rettet.xml", files()[0].content))

    assert draft.documents.get(role="MAIN").filename == "rettet.xml"
    assert (draft.status, draft.findings) == (S.READY, [])


def test_a_file_of_the_same_name_is_replaced(draft: Submission) -> None:
    main, part, other = files()
    add(draft, main, NamedFile(part.name, other.content))

    add(draft, part)

    assert draft.documents.filter(role="PART").count() == 1


def test_taking_a_file_out_checks_the_rest(draft: Submission) -> None:
    add(draft, *files())

    removing.remove(submission=draft, document=draft.documents.get(role="MAIN"), by=BY, at=AT)

    assert (draft.status, draft.findings[0]["code"]) == (S.DRAFT, "NO_MAIN_FORM")


def test_what_was_sent_cannot_be_changed(draft: Submission) -> None:
    add(draft, *files())
    Submission.objects.filter(pk=draft.pk).update(status=S.QUEUED)

    with pytest.raises(NotOpen):
        add(draft, files()[0])

    with pytest.raises(NotOpen):
        removing.remove(submission=draft, document=draft.documents.all()[0], by=BY, at=AT)
    assert draft.documents.count() == 3


def test_a_draft_is_made_only_for_what_the_access_allows(access: Access) -> None:
    access.rights = []

    with pytest.raises(NotAllowed, match="mangler rettigheten"):
        drafts.create_draft(access=access, service=SERVICE, period=Period.year(2025), by=BY, at=AT)


def test_a_new_draft_is_in_the_trail(access: Access) -> None:
    draft = drafts.create_draft(access=access, service=SERVICE, period=Period.year(2025), by=BY, at=AT)

    event = AuditEvent.objects.get(target=f"submissions.Submission:{draft.pk}")
    assert (event.by, event.what, event.customer_id_ref) == (BY, "created", access.customer_id)


def test_the_trail_names_files_by_id_and_hash_and_never_by_name(access: Access) -> None:
    draft = make_draft(access)
    main, part = files()[0], files()[-1]

    add(draft, main, NamedFile("RF1086U_12057012345_Kari.xml", part.content))
    [document] = [document for document in draft.documents.all() if "Kari" in document.filename]
    removing.remove(submission=draft, document=document, by=BY, at=AT)

    removed = AuditEvent.objects.get(what="file-removed").detail
    assert AuditEvent.objects.get(what="files-added").detail["files"] == 2
    assert removed == {"files": 1, "documents": [document.pk], "sha256": [document.sha256[:12]]}
    details = str([event.detail for event in AuditEvent.objects.all()])
    assert "12057012345" not in details
    assert "Kari" not in details


def test_a_correction_begins_with_the_files_that_were_sent(access: Access) -> None:
    rejected = make_draft(access)
    add(rejected, *files(wrong_sum=True))
    Submission.objects.filter(pk=rejected.pk).update(status=S.REJECTED, delivered_at=AT)
    rejected.refresh_from_db()

    correction = drafts.copy_for_correction(submission=rejected, by=BY, at=AT)

    assert (correction.corrects, correction.status) == (rejected, S.DRAFT)
    assert correction.findings[0]["code"] == "SAME_AS_REJECTED"
    sent = Document.objects.filter(submission=rejected).values_list("sha256", flat=True)
    assert sorted(sent) == sorted(correction.documents.values_list("sha256", flat=True))


def test_asking_for_a_correction_twice_gives_the_same_draft(access: Access) -> None:
    failed = make_draft(access, status=S.FAILED)

    first = drafts.copy_for_correction(submission=failed, by=BY, at=AT)

    assert drafts.copy_for_correction(submission=failed, by=BY, at=AT) == first


def test_there_is_nothing_to_correct_in_what_is_still_under_way(access: Access) -> None:
    with pytest.raises(NotOpen):
        drafts.copy_for_correction(submission=make_draft(access, status=S.QUEUED), by=BY, at=AT)


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_one_draft(access: Access) -> None:
    package = example(access.customer.orgnr, access.customer.name, 2025, shareholders=2)
    together = threading.Barrier(4)

    def click(_number: int) -> int:
        together.wait(60)
        try:
            draft, _refused = drafts.begin(
                access=access, service=SERVICE, period=Period.year(2025),
                files=[SimpleUploadedFile(file.name, file.content) for file in package], by=BY, at=AT,
            )  # fmt: skip
            return draft.pk if draft else 0
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(click, range(4)))

    draft = Submission.objects.get()
    assert made == {draft.pk}
    assert draft.documents.count() == len(package)
    assert draft.status == Submission.Status.READY


def begin(access: Access, *named: NamedFile, by: str = BY, beside: bool = False) -> Submission:
    draft, _refused = drafts.begin(
        access=access, service=SERVICE, period=Period.year(2025), by=by, at=AT, beside=beside,
        files=[SimpleUploadedFile(file.name, file.content) for file in named],
    )  # fmt: skip
    assert draft
    return draft


def test_another_persons_open_draft_is_named_and_not_touched(access: Access) -> None:
    theirs = begin(access, *files(), by="user:per@vendor.example")
    before = list(theirs.documents.values_list("pk", "filename"))

    with pytest.raises(drafts.OpenDraft) as refusal:
        begin(access, *files(wrong_sum=True))

    assert refusal.value.draft == theirs
    assert list(theirs.documents.values_list("pk", "filename")) == before
    assert Submission.objects.count() == 1


def test_a_draft_beside_an_open_one_is_a_draft_of_its_own(access: Access) -> None:
    first = begin(access, *files())

    second = begin(access, *files(wrong_sum=True), beside=True)

    assert second != first
    assert (first.documents.count(), second.documents.count()) == (len(files()), len(files()))


def test_the_same_files_again_lead_to_the_same_draft(access: Access) -> None:
    first = begin(access, *files())

    assert begin(access, *files()) == first
    assert begin(access, *files(), beside=True) == first


def test_files_of_one_name_from_several_folders_are_all_kept(access: Access) -> None:
    package = example(access.customer.orgnr, access.customer.name, 2025, shareholders=4)
    main, *parts = package

    draft = begin(access, main, *(NamedFile("underskjema.xml", part.content) for part in parts))

    assert draft.documents.filter(role="PART").count() == 4
    assert {d.filename for d in draft.documents.filter(role="PART")} == {
        "underskjema.xml", "underskjema-2.xml", "underskjema-3.xml", "underskjema-4.xml",
    }  # fmt: skip


def test_two_main_forms_in_one_upload_are_both_kept_and_named(access: Access) -> None:
    other, *_others = files(wrong_sum=True)

    draft = begin(access, *files(), NamedFile("B.xml", other.content))

    assert draft.documents.filter(role="MAIN").count() == 2
    assert "MANY_MAIN_FORMS" in {finding["code"] for finding in draft.findings}
    assert draft.status == S.DRAFT


def test_a_main_form_that_is_replaced_by_a_later_upload_is_told(draft: Submission) -> None:
    add(draft, *files(wrong_sum=True))
    old = files()[0].name

    add(draft, NamedFile("rettet.xml", files()[0].content))

    assert refused(draft) == [(old, "REPLACED")]
