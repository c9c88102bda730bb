"""The pages of heaps: for their owner, with and without JavaScript, and nothing of them for another case worker."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from accounts.models import Customer, Grant, Portfolio, Role, User
from portal.core.audit import AuditEvent
from portal.core.environments import Environment
from portal.desk.attention import attention
from portal.explain import explain
from submissions.adapters.base import NamedFile
from submissions.models import Heap, HeapFile, HeapPackage, Submission
from submissions.services import documents
from submissions.services.documents import storage, storage_path
from submissions.services.heaps import intake, ordering, removal, work
from submissions.views import heaps as heap_views
from systemusers.models import Access
from tests.core.purging import purged
from tests.fixtures import AT, make_user
from tests.submissions.heaps.rig import HOUSING, SHARES, drop, files_for, upload, work_to_the_end, zipped
from tests.submissions.world import make_draft

S = Submission.Status
NUMBER = "01017012345"


def url(name: str, heap: Heap | None = None, **kwargs: Any) -> str:
    return reverse(name, kwargs={"environment": "sandbox", **({"pk": heap.pk} if heap else {}), **kwargs})


@pytest.fixture
def page(client: Client, case_worker: User) -> Client:
    client.force_login(case_worker)
    return client


def post_files(page: Client, address: str, *files: NamedFile, **options: Any) -> Any:
    return page.post(address, {"uploads": [upload(file.name, file.content) for file in files]}, **options)


def test_files_and_a_zip_are_uploaded_sorted_drafted_and_sent_from_the_page(page: Client, access: Access) -> None:
    main, *parts = files_for(access.customer, SHARES)
    packed = NamedFile("deler.zip", zipped([(part.name, part.content) for part in parts]))

    reply = post_files(page, url("heaps"), main, packed)
    heap = Heap.objects.get()
    assert reply["Location"] == url("heap", heap)
    assert "0 av 4 filer er sortert" in page.get(url("heap", heap)).text
    work_to_the_end(at=heap.created_at)
    assert "4 filer er sortert" in page.get(url("heap", heap)).text
    page.post(url("heap-drafts", heap))
    heap.refresh_from_db()
    assert heap.next_attempt_at is not None
    work_to_the_end(at=heap.next_attempt_at)

    question = page.get(url("heap-send", heap))
    assert "Send 1 innsending, for 1 kunde?" in question.text
    page.post(url("heap-send", heap), {"shown": question.context["ready"].token})
    heap.refresh_from_db()
    assert heap.next_attempt_at is not None
    work_to_the_end(at=heap.next_attempt_at)

    assert Submission.objects.get().status == S.QUEUED
    assert "I kø" in page.get(url("heap", heap)).text


def test_without_a_file_the_page_says_so(page: Client) -> None:
    reply = page.post(url("heaps"), {})

    assert (reply.status_code, Heap.objects.count()) == (422, 0)
    assert "Velg minst én fil." in reply.text


def test_more_files_can_be_added(page: Client, access: Access, case_worker: User) -> None:
    main, *parts = files_for(access.customer, SHARES)
    heap = drop(case_worker, main)

    post_files(page, url("heap-files", heap), *parts)

    assert heap.files.count() == 4


def test_the_page_follows_the_work_and_stops_by_itself(page: Client, access: Access, case_worker: User) -> None:
    heap = drop(case_worker, *files_for(access.customer, SHARES))

    moving = page.get(url("heap", heap)).text
    work_to_the_end()
    still = page.get(url("heap", heap)).text

    assert 'hx-trigger="load delay:3s"' in moving
    assert 'hx-trigger="load delay:3s"' not in still


def test_the_fragment_is_the_part_of_the_page_that_moves(page: Client, access: Access, case_worker: User) -> None:
    heap = drop(case_worker, *files_for(access.customer, SHARES))

    part = page.get(url("heap", heap), headers={"HX-Request": "true", "HX-Target": "live"}).text

    assert part.strip().startswith('<div id="live"')
    assert "Legg til flere filer" not in part


def test_packages_and_files_are_filtered_by_verdict(page: Client, access: Access, case_worker: User) -> None:
    heap = drop(
        case_worker, *files_for(access.customer, SHARES), NamedFile("notat.txt", b"hei"), NamedFile("a.xml", b"")
    )
    work_to_the_end()

    def shown(query: str) -> list[str]:
        return [row.label for row in page.get(f"{url('heap', heap)}?{query}").context["page"]]

    assert shown("") == ["Kan bli kladd"]
    assert (shown("state=ready"), shown("state=look"), shown("state=sent")) == (["Kan bli kladd"], [], [])
    assert shown("state=unknown") == ["Ukjent type", "Kan ikke leses"]
    assert len(shown("state=files")) == 6
    assert (len(shown(f"service={SHARES}")), shown(f"service={HOUSING}")) == (1, [])


def test_long_lists_have_pages(page: Client, case_worker: User) -> None:
    heap = drop(case_worker, *(NamedFile(f"{n}.txt", b"%d" % n) for n in range(60)))
    work_to_the_end()

    first = page.get(f"{url('heap', heap)}?state=files")
    rest = page.get(f"{url('heap', heap)}?{first.context['page'].next_query}")

    assert (len(first.context["page"]), len(rest.context["page"])) == (50, 10)
    assert f'href="?{escape(first.context["page"].next_query)}"' in first.text
    for shown in (first, rest):
        assert set(re.findall(r'<button[^>]*name="turn"|form="[^"]*"', shown.text)) == set()


def test_another_case_worker_sees_nothing_of_it(client: Client, access: Access, case_worker: User) -> None:
    heap = drop(case_worker, *files_for(access.customer, SHARES))
    other = make_user(Role.CASE_WORKER, "other@vendor.example", name="O")
    other.portfolios.set(case_worker.portfolios.all())
    client.force_login(other)

    replies = [
        client.get(url(name, heap))
        for name in ("heap", "heap-rest-list", "heap-rest-files", "heap-send", "heap-delete")
    ]
    replies += [
        client.post(url(name, heap))
        for name in ("heap-drafts", "heap-again", "heap-choose", "heap-send", "heap-delete")
    ]
    replies.append(post_files(client, url("heap-files", heap), NamedFile("a.xml", b"a")))

    assert {reply.status_code for reply in replies} == {404}
    assert client.get(url("heaps")).context["heaps"] == []
    assert heap.files.count() == 4


def test_an_administrator_of_one_portfolio_sees_no_heap_of_a_colleague(
    client: Client, access: Access, case_worker: User, administrator: User, portfolio: Portfolio
) -> None:
    heap = drop(case_worker, *files_for(access.customer, SHARES))
    Grant.objects.filter(user=administrator).update(sees_all_customers=False)
    administrator.portfolios.add(portfolio)
    client.force_login(administrator)

    statuses = [client.get(url(name, heap)).status_code for name in ("heap", "heap-rest-files", "heap-rest-list")]
    statuses.append(client.post(url("heap-delete", heap)).status_code)

    assert statuses == [404] * 4
    assert client.get(url("heaps")).context["heaps"] == []
    assert heap.files.exists()


def test_an_administrator_sees_it_and_a_reader_starts_none(
    client: Client, access: Access, case_worker: User, administrator: User, reader: User
) -> None:
    heap = drop(case_worker, *files_for(access.customer, SHARES))
    client.force_login(administrator)
    seen = client.get(url("heap", heap)).status_code
    client.force_login(reader)

    assert (seen, client.get(url("heap", heap)).status_code, client.get(url("heaps")).status_code) == (200, 404, 403)


def test_two_persons_with_the_same_files_make_one_draft(access: Access, case_worker: User, administrator: User) -> None:
    heaps = [drop(user, *files_for(access.customer, SHARES)) for user in (case_worker, administrator)]
    work_to_the_end()
    for heap, user in zip(heaps, (case_worker, administrator), strict=True):
        ordering.order_drafts(heap=heap, user=user, at=AT)

    work_to_the_end()

    draft = Submission.objects.get()
    assert [heap.packages.get().draft for heap in heaps] == [draft, draft]


def test_customers_of_a_portfolio_that_was_lost_are_no_longer_shown(
    page: Client, access: Access, case_worker: User
) -> None:
    heap = drop(case_worker, *files_for(access.customer, SHARES))
    work_to_the_end()
    case_worker.portfolios.clear()

    text = page.get(url("heap", heap)).text + page.get(f"{url('heap', heap)}?state=files").text
    packed = b"".join(page.get(url("heap-rest-files", heap)).streaming_content)

    assert access.customer.name not in text
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.namelist() == ["liste.csv"]
    assert page.get(url("heap-rest-list", heap)).text.count("\n") == 1
    assert ordering.order_drafts(heap=heap, user=case_worker, at=AT) == 0


def test_identity_numbers_in_file_names_are_hidden_and_encrypted(
    page: Client, access: Access, case_worker: User
) -> None:
    part = files_for(access.customer, SHARES)[1]
    heap = drop(
        case_worker,
        NamedFile(f"{NUMBER}_kari.xml", part.content),
        NamedFile(f"{NUMBER}.txt", b"x"),
        NamedFile(f"a.{NUMBER}", b"y"),
    )
    work_to_the_end()

    text = page.get(f"{url('heap', heap)}?state=files").text
    listed = page.get(url("heap-rest-list", heap)).content
    with zipfile.ZipFile(io.BytesIO(b"".join(page.get(url("heap-rest-files", heap)).streaming_content))) as archive:
        names = archive.namelist()

    assert NUMBER not in text + listed.decode() + str(names)
    assert "_kari.xml" in text
    rows = HeapFile.objects.raw("SELECT id, filename, extension, filename::text AS sealed FROM submissions_heapfile")
    assert all(NUMBER not in row.sealed and row.extension in (".xml", ".txt", "") for row in rows)
    assert all(NUMBER not in str(event.detail) for event in AuditEvent.objects.all())


def test_the_rest_is_downloaded_as_a_list_and_a_zip(page: Client, access: Access, case_worker: User) -> None:
    good, wrong = files_for(access.customer, SHARES), NamedFile("=SUM(1;2).txt", b"x")
    heap = drop(case_worker, *good, wrong, NamedFile("igjen.xml", good[0].content), NamedFile("tom.zip", zipped([])))
    work_to_the_end()
    ordering.order_drafts(heap=heap, user=case_worker, at=AT)
    work_to_the_end()

    listed = page.get(url("heap-rest-list", heap)).content.decode("utf-8-sig")
    packed = b"".join(page.get(url("heap-rest-files", heap)).streaming_content)

    rows = list(csv.reader(io.StringIO(listed), delimiter=";"))
    assert [(row[0], row[5]) for row in rows[1:]] == [
        ("'=SUM(1;2).txt", "Ukjent type"), ("igjen.xml", "Samme fil"), ("tom.zip", "Ikke tatt inn"),
    ]  # fmt: skip
    assert all(row[6] for row in rows)
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert sorted(archive.namelist()) == ["=SUM(1;2).txt", "liste.csv"]
        assert archive.read("=SUM(1;2).txt") == b"x"
    assert AuditEvent.objects.filter(what="rest-fetched").count() == 2


def test_a_discarded_heap_takes_its_files_with_it(page: Client, access: Access, case_worker: User) -> None:
    heap = drop(case_worker, *files_for(access.customer, SHARES), NamedFile("a.txt", b"x"))
    hashes = list(heap.files.values_list("sha256", flat=True))
    asked = page.get(url("heap-delete", heap)).text

    reply = page.post(url("heap-delete", heap))

    assert "Forkast samlingen?" in asked
    assert (reply["Location"], Heap.objects.count(), HeapFile.objects.count()) == (url("heaps"), 0, 0)
    assert [sha256 for sha256 in hashes if storage().exists(storage_path(sha256))] == []


def test_bytes_that_another_heap_names_stay(access: Access, case_worker: User, administrator: User) -> None:
    one, two = (drop(user, NamedFile("a.txt", b"x")) for user in (case_worker, administrator))

    removal.delete(heap=one, by=case_worker.actor, at=AT)

    assert storage().exists(storage_path(two.files.get().sha256))


def test_bytes_that_are_being_taken_in_elsewhere_stay(
    access: Access, case_worker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A draft is made of the same bytes: they are stored, and its row comes after the heap is gone, or while it goes."""
    draft = make_draft(access)
    one, two = (drop(case_worker, NamedFile("a.txt", content)) for content in (b"before", b"during"))
    meanwhile = documents.storage().delete

    kept = [documents.keep(b"before")]

    def delete(name: str) -> None:
        kept.append(documents.keep(b"during"))
        meanwhile(name)

    removal.delete(heap=one, by=case_worker.actor, at=AT)
    with monkeypatch.context() as patch:
        patch.setattr(type(documents.storage()), "delete", lambda _storage, name: delete(name))
        removal.delete(heap=two, by=case_worker.actor, at=AT)

    rows = [
        documents.record_document(
            kept=one,
            filename="a.txt",
            media_type="",
            role="FEEDBACK",
            customer=access.customer,
            submission=draft,
            at=AT,
        )
        for one in kept
    ]
    assert [documents.read_document(row) for row in rows] == [b"before", b"during"]


def test_old_heaps_are_swept_and_young_ones_are_not(case_worker: User) -> None:
    drop(case_worker, NamedFile("a.txt", b"x"), at=AT - timedelta(days=60))
    young = drop(case_worker, NamedFile("b.txt", b"y"))

    assert (purged("heaps", at=AT), Heap.objects.get()) == (1, young)


def test_a_choice_is_made_for_all_or_for_one_file(
    page: Client, access: Access, case_worker: User, two_housing: tuple[str, str]
) -> None:
    heap = drop(case_worker, *files_for(access.customer, HOUSING))
    work_to_the_end()
    file = heap.files.get()
    shown = page.get(url("heap", heap)).text
    assert "Filer som passer til flere tjenester" in shown

    page.post(url("heap-choose", heap), {"choices": file.choices, "service": "no-such"})
    page.post(url("heap-choose", heap), {"file": str(file.pk), "service": HOUSING})

    file.refresh_from_db()
    assert (file.verdict, file.service) == ("SORTED", HOUSING)


def test_a_full_heap_is_told_on_the_page(page: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "MOST_FILES", 1)

    reply = post_files(page, url("heaps"), NamedFile("a.txt", b"x"), NamedFile("b.txt", b"y"))

    assert (reply.status_code, Heap.objects.count()) == (422, 0)
    assert "En samling har høyst" in reply.text


def test_a_heap_that_cannot_be_sorted_says_why_and_is_counted_on_the_overview(
    page: Client, access: Access, case_worker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    heap = drop(case_worker, *files_for(access.customer, SHARES))

    def away(sha256: str) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(documents, "_open", away)
    for hours in range(3):
        work.run(at=AT + timedelta(hours=hours))

    lines = [line.title for line in attention(user=case_worker, environment=Environment.SANDBOX, at=AT)]
    assert "Filsamling blir ikke sortert" in lines
    heap.refresh_from_db()
    assert heap.failures == 3
    assert str(explain(heap.problem_code).title) in page.get(url("heap", heap)).text


def test_the_bytes_of_a_heap_are_not_swept_as_files_without_a_row(case_worker: User, settings: Any) -> None:
    heap = drop(case_worker, NamedFile("a.txt", b"x"))

    swept = documents.sweep_orphans(at=timezone.now() + timedelta(days=3))

    assert (swept, storage().exists(storage_path(heap.files.get().sha256))) == (0, True)


def test_a_heap_of_which_nothing_was_stored_is_discarded_too(page: Client, case_worker: User) -> None:
    heap = drop(case_worker, NamedFile("tom.zip", zipped([])))

    page.post(url("heap-delete", heap))

    assert Heap.objects.count() == 0


@pytest.mark.parametrize("name", ["heap-files", "heap-drafts", "heap-again", "heap-choose", "heap-send"])
def test_a_heap_that_is_discarded_meanwhile_leads_to_the_others(
    page: Client, case_worker: User, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    heap, found = drop(case_worker, NamedFile("a.txt", b"x")), heap_views.find

    def find_and_lose(request: Any, pk: int) -> Heap:
        row = found(request, pk)
        removal.delete(heap=row, by="user:other", at=AT)
        row.pk = pk
        return row

    monkeypatch.setattr(heap_views, "find", find_and_lose)
    shown = ordering.to_send(heap=heap, user=case_worker).token
    files = {"uploads": [upload("b.txt", b"y")]} if name == "heap-files" else {}
    reply: Any = page.post(url(name, heap), {"shown": shown, **files}, follow=True)

    assert reply.redirect_chain[-1][0] == url("heaps")
    assert "Samlingen er forkastet i mellomtiden." in reply.text


def test_in_the_sandbox_a_heap_of_examples_is_sorted_into_reports(page: Client, access: Access) -> None:
    reply = page.post(url("heaps"), {"examples": "right"})

    heap = Heap.objects.get()
    assert reply["Location"] == url("heap", heap)
    work_to_the_end(at=heap.created_at)
    (package,) = heap.packages.all()
    assert package.customer == access.customer
    assert package.verdict == HeapPackage.Verdict.READY
    assert sorted(heap.files.values_list("filename", flat=True))[-1] == "notat.txt"


def test_without_customers_who_gave_access_there_are_no_examples(page: Client, customer: Customer) -> None:
    reply = page.post(url("heaps"), {"examples": "right"})

    assert "Da er det ingen å lage eksempelfiler for." in reply.text
    assert not Heap.objects.exists()
