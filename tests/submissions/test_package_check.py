"""The check of a draft's files: in a worker when there are many, each file once, and safe against a worker that stops."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portal.core import crypto
from portal.core.environments import Environment
from portal.core.heartbeat import Heartbeat
from portal.core.states import LostRace
from portal.desk.attention import attention
from submissions import tasks
from submissions.adapters.base import Finding, Level
from submissions.adapters.rf1086 import NamedFile, parsing
from submissions.adapters.rf1086.samples import example
from submissions.models import Document, PackageCheck, Submission
from submissions.services import documents
from submissions.services.drafting import checking, drafts, package_check, removing
from submissions.services.drafting.preflight import preflight
from submissions.services.sending import queue
from systemusers.models import Access
from tests.fixtures import AT, CUSTOMER_ORGNR
from tests.submissions.world import make_draft

BY, OTHER = "user:ida@vendor.example", "user:ola@vendor.example"
S = Submission.Status
MANY = 30
"""Shareholders: more files than a request may check."""


def files(*, shareholders: int = MANY, **options: Any) -> list[NamedFile]:
    return example(CUSTOMER_ORGNR, "Nordlys Eiendom AS", 2025, shareholders=shareholders, **options)


def add(submission: Submission, *named: NamedFile, by: str = BY, seconds: int = 0) -> int:
    uploads = [SimpleUploadedFile(file.name, file.content) for file in named]
    return drafts.add_files(submission=submission, files=uploads, by=by, at=AT + timedelta(seconds=seconds))


def check(submission: Submission, *, seconds: int = 60) -> None:
    """What a worker does later."""
    while package_check.run(at=AT + timedelta(seconds=seconds)):
        pass
    submission.refresh_from_db()


def page_of(client: Client, submission: Submission, user: User, **headers: Any) -> Any:
    client.force_login(user)
    return client.get(reverse("submission", kwargs={"environment": "sandbox", "pk": submission.pk}), headers=headers)


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The content of every file that is parsed."""
    seen: list[bytes] = []
    real = parsing.safe_xml.parse
    monkeypatch.setattr(parsing.safe_xml, "parse", lambda content: (seen.append(content), real(content))[1])
    return seen


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hash of every stored file that is read."""
    seen: list[str] = []
    real = documents._open
    monkeypatch.setattr(documents, "_open", lambda sha256: (seen.append(sha256), real(sha256))[1])
    return seen


def test_a_large_upload_is_stored_without_opening_a_file(draft: Submission, parsed: list[bytes]) -> None:
    added = add(draft, *files())

    assert (added, draft.documents.count(), parsed) == (MANY + 1, MANY + 1, [])
    assert (draft.status, draft.is_checked) == (S.DRAFT, False)


def test_a_worker_checks_each_file_once(draft: Submission, parsed: list[bytes]) -> None:
    package = files()
    add(draft, *package)

    check(draft)

    assert (draft.status, draft.is_checked, draft.findings) == (S.READY, True, [])
    assert sorted(parsed) == sorted(file.content for file in package)


def test_one_more_file_is_checked_alone_and_the_sums_of_all(
    draft: Submission, parsed: list[bytes], opened: list[str]
) -> None:
    *most, last = files()
    add(draft, *most)
    check(draft)
    before = [finding["code"] for finding in draft.findings]
    parsed.clear()
    opened.clear()

    add(draft, last)
    check(draft, seconds=120)

    assert (before, draft.findings, draft.status) == (["TOTAL_SHARES"] * 2, [], S.READY)
    assert (parsed, len(opened)) == ([last.content], 1)


def test_a_removed_file_changes_the_sums_without_opening_a_file(draft: Submission, opened: list[str]) -> None:
    add(draft, *files())
    check(draft)
    opened.clear()

    last = draft.documents.order_by("-pk")[0]
    removing.remove(submission=draft, document=last, by=BY, at=AT + timedelta(seconds=90))
    check(draft, seconds=120)

    assert [finding["code"] for finding in draft.findings] == ["TOTAL_SHARES"] * 2
    assert opened == []


def test_nothing_is_sent_until_the_check_is_done(draft: Submission) -> None:
    add(draft, *files())
    check(draft)
    add(draft, *files(wrong_sum=True)[:1], seconds=90)

    with pytest.raises(queue.NotReady):
        queue.queue(submission=draft, by=BY, at=AT)

    assert preflight(draft).problems == ["Filene kontrolleres. Vent til kontrollen er ferdig."]


def test_a_worker_that_stops_in_the_middle_leaves_what_it_had_checked(
    draft: Submission, parsed: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package_check, "BATCH", 10)
    add(draft, *files())
    with monkeypatch.context() as patch:
        patch.setattr(package_check, "_inspect", stops_after(15))
        with pytest.raises(KeyboardInterrupt):
            package_check.run(at=AT)
    half_way = package_check.progress(draft, package_check.find(draft))

    nobody = package_check.run(at=AT + timedelta(minutes=1))  # the lease of the one that stopped still runs
    check(draft, seconds=300)

    assert half_way is not None
    assert (half_way.checked, half_way.total, nobody) == (10, MANY + 1, 0)
    assert (draft.status, draft.findings) == (S.READY, [])
    assert len(parsed) == MANY + 1 + 5  # the five of the batch that was not stored are read again


@pytest.mark.parametrize("fault", [False, True])
def test_without_background_work_the_page_of_a_draft_promises_no_check(
    draft: Submission, client: Client, case_worker: User, monkeypatch: pytest.MonkeyPatch, *, fault: bool
) -> None:
    add(draft, *files())
    if fault:
        monkeypatch.setattr(documents, "_open", fails)
        package_check.run(at=AT)
    Heartbeat.objects.all().delete()

    text = page_of(client, draft, case_worker).text

    assert "Kontrollen går videre når portalen arbeider igjen" in text
    assert "Kontrollen prøver igjen" not in text
    assert "Du kan lukke siden" not in text


def test_slow_files_are_stored_before_the_lease_runs_out(
    draft: Submission, parsed: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(package_check, "STORE_AFTER", timedelta(0))  # each file takes longer than that
    add(draft, *files())
    with monkeypatch.context() as patch:
        patch.setattr(package_check, "_inspect", stops_after(15))
        with pytest.raises(KeyboardInterrupt):
            package_check.run(at=AT)
    half_way = package_check.progress(draft, package_check.find(draft))

    check(draft, seconds=300)

    assert half_way is not None
    assert half_way.checked == 15
    assert (draft.status, len(parsed)) == (S.READY, MANY + 1)


def test_invisible_characters_of_a_file_are_shown_as_what_they_are(
    draft: Submission, client: Client, case_worker: User
) -> None:
    finding = checking.as_stored(Finding(Level.ERROR, "SAME_FILE", {"other": "a\u202e"}, "b.xml", None, "x\x00y"))
    Submission.objects.filter(pk=draft.pk).update(findings=[finding])

    page = page_of(client, draft, case_worker)

    (shown,) = page.context["findings"]
    assert ("a\\u202e" in shown.text, shown.path) == (True, "x\\u0000y")
    assert "\u202e" not in page.text


def stops_after(number: int) -> Any:
    """An inspection that ends as a killed process does, after so many files."""
    real = package_check._inspect
    seen: list[Any] = []

    def inspect(*values: Any) -> Any:
        if len(seen) == number:
            raise KeyboardInterrupt
        seen.append(values)
        return real(*values)

    return inspect


def test_a_slower_worker_cannot_write_over_the_next_one(draft: Submission) -> None:
    add(draft, *files())
    rows = PackageCheck.objects.select_related("submission__customer")
    (slow,) = package_check.lease.claim(rows, at=AT)
    check(draft, seconds=300)

    with pytest.raises(LostRace):
        package_check.walk(slow)

    draft.refresh_from_db()
    assert draft.status == S.READY


def test_the_storage_being_away_is_told_and_the_check_goes_on_by_itself(
    draft: Submission, client: Client, case_worker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(draft, *files())
    with monkeypatch.context() as patch:
        patch.setattr(documents, "_open", fails)
        package_check.run(at=AT)
    page = page_of(client, draft, case_worker)

    check(draft, seconds=3600)

    assert page.context["waiting"].progress.problem_code == "DISK_FULL"
    assert "Kontrollen prøver igjen" in page.text
    assert draft.status == S.READY


def fails(*_: Any) -> bytes:
    raise OSError(28, "No space left on device")


def test_files_that_cannot_be_stored_leave_the_draft_as_it_was(
    draft: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(draft, *files(shareholders=2))
    monkeypatch.setattr(documents, "_keep", fails)

    with pytest.raises(drafts.NotStored, match="DISK_FULL"):
        add(draft, *files(shareholders=2, wrong_sum=True))

    draft.refresh_from_db()
    assert (draft.status, draft.is_checked, draft.documents.count()) == (S.READY, True, 3)


def test_two_people_adding_at_once_lose_no_file(draft: Submission) -> None:
    package = files()
    theirs = Submission.objects.get(pk=draft.pk)

    add(draft, *package[:16])
    add(theirs, *package[16:], by=OTHER)
    check(draft)

    assert draft.status == S.READY
    assert set(draft.documents.values_list("upload", flat=True)) == {1, 2}


def test_a_file_added_while_a_worker_finishes_is_checked_too(
    draft: Submission, monkeypatch: pytest.MonkeyPatch
) -> None:
    *most, last = files()
    add(draft, *most)
    real, late = package_check.checking.package, [last]

    def meanwhile(*values: Any) -> Any:
        if late:
            add(Submission.objects.get(pk=draft.pk), late.pop(), by=OTHER)
        return real(*values)

    monkeypatch.setattr(package_check.checking, "package", meanwhile)
    check(draft)

    assert (draft.status, draft.findings, draft.documents.unchecked().count()) == (S.READY, [], 0)


def test_a_draft_that_was_given_up_meanwhile_is_left_alone(draft: Submission) -> None:
    add(draft, *files())
    queue.cancel(submission=draft, by=BY, at=AT)

    check(draft)

    assert draft.status == S.CANCELLED
    assert PackageCheck.objects.get().next_attempt_at is None


def test_a_message_that_comes_twice_changes_nothing(draft: Submission, parsed: list[bytes]) -> None:
    add(draft, *files())
    check(draft)
    number, status_at = len(parsed), draft.status_at

    tasks.check_packages()
    tasks.check_packages(submission_id=draft.pk)

    draft.refresh_from_db()
    assert (len(parsed), draft.status_at) == (number, status_at)


def test_a_turn_ends_and_the_rest_is_due_at_once(draft: Submission, monkeypatch: pytest.MonkeyPatch) -> None:
    add(draft, *files())
    monkeypatch.setattr(package_check, "LONGEST_TURN", timedelta(0))

    package_check.run(at=AT)

    row = PackageCheck.objects.get()
    assert row.next_attempt_at is not None
    assert (row.lease_until, row.problem_code) == (None, "")


def test_files_of_one_name_in_one_upload_are_all_kept(draft: Submission) -> None:
    main, *parts = files(shareholders=4)

    add(draft, main, *(NamedFile("underskjema.xml", part.content) for part in parts))

    names = sorted(draft.documents.filter(role="PART").values_list("filename", flat=True))
    assert names == [f"underskjema{n}.xml" for n in ("-2", "-3", "-4", "")]
    assert (draft.status, draft.findings) == (S.READY, [])


def test_two_main_forms_in_one_upload_are_both_shown(draft: Submission) -> None:
    main, *parts = files(shareholders=2)
    second = NamedFile("klasse-b.xml", main.content.replace(b"Nordlys Eiendom AS", b"Nordlys"))

    add(draft, main, second, *parts)

    assert draft.documents.filter(role="MAIN").count() == 2
    assert [finding["code"] for finding in draft.findings] == ["MANY_MAIN_FORMS"]


def test_the_same_bytes_under_another_name_are_told(draft: Submission, client: Client, case_worker: User) -> None:
    package = files(shareholders=2)
    add(draft, *package)

    add(draft, NamedFile("igjen.xml", package[1].content))

    assert draft.documents.count() == 3
    assert f"Filen er den samme som {package[1].name}" in page_of(client, draft, case_worker).text


def test_a_damaged_file_is_named_and_stops_the_sending_until_it_is_replaced(
    draft: Submission, client: Client, case_worker: User
) -> None:
    package = files()
    add(draft, *package)
    broken = draft.documents.order_by("pk")[3]
    path = documents.storage_path(broken.sha256)
    documents.storage().delete(path)
    check(draft)
    page = page_of(client, draft, case_worker)

    add(draft, package[3], seconds=90)
    check(draft, seconds=120)

    assert broken.filename in page.text
    assert "kan ikke leses lenger" in page.text
    assert [f.text for f in page.context["findings"]] == [
        "Filen kan ikke leses lenger. Fjern den, og last den opp på nytt."
    ]
    assert (page.context["submission"].status, draft.status) == (S.DRAFT, S.READY)


def test_a_draft_is_read_in_any_language_without_opening_a_file(
    draft: Submission, client: Client, case_worker: User, opened: list[str]
) -> None:
    add(draft, *files(shareholders=12, wrong_sum=True))
    opened.clear()

    pages = [page_of(client, draft, case_worker, accept_language=code) for code in ("nb", "nn", "en")]

    texts = [tuple(finding.text for finding in page.context["findings"]) for page in pages]
    assert len(set(texts)) == 3
    assert all(len(result) == len(texts[0]) > 0 for result in texts)
    assert opened == []


def test_the_page_of_a_large_draft_is_short_and_shows_how_far_the_check_is(
    draft: Submission, client: Client, case_worker: User, django_assert_max_num_queries: Any
) -> None:
    add(draft, *files(shareholders=60))
    waiting = page_of(client, draft, case_worker)
    address = reverse("submission", kwargs={"environment": "sandbox", "pk": draft.pk})

    with django_assert_max_num_queries(24):
        client.get(address)
    check(draft)
    done = page_of(client, draft, case_worker)

    assert "Filene kontrolleres: 0 av 61" in waiting.text
    assert 'hx-trigger="load delay:2s"' in waiting.text
    assert "hx-trigger" not in done.text
    assert len(done.context["page"]) == 50
    assert "Neste side" in done.text


def test_a_report_that_is_being_sent_shows_how_far_it_is(draft: Submission, client: Client, case_worker: User) -> None:
    add(draft, *files())
    check(draft)
    queue.queue(submission=draft, by=BY, at=AT)
    draft.move_to(S.SENDING, by="task:send", at=AT)
    draft.calls.filter(ordinal__lte=12).update(status="DONE")

    assert f"12 av {MANY + 2} kall er gjort" in page_of(client, draft, case_worker).text


def test_what_the_polling_swaps_is_on_the_page(draft: Submission, client: Client, case_worker: User) -> None:
    add(draft, *files())

    text = page_of(client, draft, case_worker).text

    swapped = text.split('hx-select-oob="')[1].split('"')[0].split(",")
    assert [text.count(f'id="{name.removeprefix("#")}"') for name in swapped] == [1] * len(swapped)


def test_findings_and_facts_are_sealed_in_the_database(draft: Submission) -> None:
    add(draft, *files(shareholders=2, wrong_sum=True))

    with connection.cursor() as cursor:
        cursor.execute("SELECT report FROM submissions_document UNION ALL SELECT findings FROM submissions_submission")
        sealed = [bytes(value) for (value,) in cursor.fetchall()]
    assert len(sealed) == 4
    assert all(value.startswith(crypto.header()) for value in sealed)


def test_a_file_name_is_sealed_in_the_database_and_shown(draft: Submission, client: Client, case_worker: User) -> None:
    main, *_parts = files()
    add(draft, NamedFile("12057012345_Kari.xml", main.content))

    with connection.cursor() as cursor:
        cursor.execute("SELECT filename FROM submissions_document")
        [(sealed,)] = cursor.fetchall()
    assert bytes(sealed).startswith(crypto.header())
    assert "12057012345_Kari.xml" in page_of(client, draft, case_worker).text
    with pytest.raises(FieldError):
        Document.objects.filter(filename="12057012345_Kari.xml")


def test_a_list_of_reports_leaves_findings_and_reports_in_the_database(draft: Submission) -> None:
    add(draft, *files(shareholders=2))

    assert {"findings", "reasons"} <= Submission.objects.get().get_deferred_fields()
    assert all("report" in document.get_deferred_fields() for document in Document.objects.all())


def test_a_check_that_stands_still_for_long_is_counted_on_the_overview(
    draft: Submission, administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(draft, *files())
    monkeypatch.setattr(documents, "_open", fails)

    for hours in range(3):
        package_check.run(at=AT + timedelta(hours=hours))

    lines = attention(user=administrator, environment=Environment.SANDBOX, at=AT)
    assert "Kladd har filer som ikke blir kontrollert" in [line.title for line in lines]


@pytest.mark.parametrize(
    ("limit", "title"),
    [("DATA_UPLOAD_MAX_NUMBER_FILES", "For mange filer"), ("DATA_UPLOAD_MAX_MEMORY_SIZE", "For mye tekst")],
)
def test_a_form_beyond_a_limit_is_told_the_limit(
    draft: Submission, client: Client, case_worker: User, settings: Any, *, limit: str, title: str
) -> None:
    setattr(settings, limit, 2)
    client.force_login(case_worker)
    address = reverse("submission-files", kwargs={"environment": "sandbox", "pk": draft.pk})
    sent = [SimpleUploadedFile(file.name, file.content) for file in files(shareholders=4)]

    reply = client.post(address, {"uploads": sent, "note": "lang tekst"})

    assert (reply.status_code, title in reply.text) == (413, True)
    assert not draft.documents.exists()


@pytest.mark.django_db(transaction=True)
def test_people_who_add_files_while_workers_check_them_lose_nothing(access: Access) -> None:
    draft, package = make_draft(access), files(shareholders=39)

    def person(number: int) -> None:
        for file in package[number::4]:
            add(Submission.objects.get(pk=draft.pk), file, by=f"user:{number}@vendor.example", seconds=number)
        connection.close()

    def worker(_number: int) -> None:
        for _round in range(30):
            package_check.run(at=AT + timedelta(seconds=60))
        connection.close()

    with ThreadPoolExecutor(6) as pool:
        people = [pool.submit(person, number) for number in range(4)]
        workers = [pool.submit(worker, number) for number in range(2)]
        for each in (*people, *workers):
            each.result(timeout=120)
    check(draft, seconds=600)

    assert (draft.documents.count(), draft.documents.unchecked().count()) == (40, 0)
    assert (draft.status, draft.is_checked, draft.findings) == (S.READY, True, [])
    assert PackageCheck.objects.get().uploads == 40
