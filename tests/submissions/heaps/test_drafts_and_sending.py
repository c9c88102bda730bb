"""Drafts of a heap and their sending: each once, whatever is pressed twice and whichever worker dies."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from accounts.models import User
from portal.core.audit import AuditEvent
from submissions.adapters.base import NamedFile
from submissions.models import Approval, Document, Heap, HeapPackage, Submission
from submissions.services import catalogue, local
from submissions.services.documents import read_document
from submissions.services.drafting import drafts, removing
from submissions.services.heaps import intake, ordering, removal, work
from submissions.services.heaps.groups import with_asked
from submissions.services.heaps.problems import problems
from systemusers.models import Access
from tests.fixtures import AT
from tests.submissions.accountant import Firm
from tests.submissions.adapters.gld_json.test_end_to_end import Vendor
from tests.submissions.deaths import each_death
from tests.submissions.heaps.rig import HOUSING, SHARES, drop, files_for, upload, work_to_the_end
from tests.submissions.world import World, store

V = HeapPackage.Verdict
LATER = AT + timedelta(hours=1)
S = Submission.Status


def sorted_heap(user: User, *files: NamedFile) -> Heap:
    heap = drop(user, *files)
    work_to_the_end()
    return heap


def with_drafts(user: User, *files: NamedFile) -> Heap:
    heap = sorted_heap(user, *files)
    ordering.order_drafts(heap=heap, user=user, at=AT)
    work_to_the_end()
    return heap


def send_all(heap: Heap, user: User) -> int:
    shown = ordering.to_send(heap=heap, user=user).token
    return ordering.order_sending(heap=heap, user=user, shown=shown, at=AT)


def text_of(package: HeapPackage) -> str:
    return problems([with_asked(HeapPackage.objects.all()).defer(None).get(pk=package.pk)])[package.pk]


def test_a_draft_is_made_of_each_package_and_checked(firm: Firm, administrator: User) -> None:
    one, two = firm.customers(2)
    files = [*files_for(one, SHARES), *files_for(two, SHARES), *files_for(one, HOUSING)]

    heap = with_drafts(administrator, *files)

    made = Submission.objects.order_by("service", "customer__orgnr")
    assert [(row.status, row.documents.count(), row.created_by) for row in made] == [
        (S.READY, 4, administrator.actor), (S.READY, 4, administrator.actor), (S.READY, 1, administrator.actor),
    ]  # fmt: skip
    assert {row.access for row in made} == {firm.access}
    assert heap.packages.filter(draft__isnull=True).count() == 0


def test_drafts_that_are_ordered_twice_are_made_once(access: Access, administrator: User) -> None:
    heap = sorted_heap(administrator, *files_for(access.customer, SHARES))

    orders = [ordering.order_drafts(heap=heap, user=administrator, at=AT) for _ in range(2)]
    work_to_the_end()
    orders.append(ordering.order_drafts(heap=heap, user=administrator, at=AT))
    work_to_the_end()

    assert (orders, Submission.objects.count()) == ([1, 0, 0], 1)
    assert AuditEvent.objects.filter(what="drafts-ordered").count() == 1


def test_an_open_draft_of_the_same_customer_service_and_period_is_told(
    access: Access, draft: Submission, administrator: User
) -> None:
    store(draft, [("main.xml", files_for(draft.customer, SHARES)[0].content)], at=AT)

    heap = with_drafts(administrator, *files_for(access.customer, SHARES))

    (package,) = heap.packages.all()
    assert (package.verdict, package.draft, package.other) == (V.OPEN_DRAFT, None, draft)
    assert text_of(package) == "Det finnes en åpen kladd fra 23. november 2026 med andre filer."
    assert Submission.objects.count() == 1


def test_the_files_can_be_put_into_the_draft_that_was_open(
    access: Access, draft: Submission, administrator: User
) -> None:
    heap = sorted_heap(administrator, *files_for(access.customer, SHARES))
    (package,) = heap.packages.all()

    done = [ordering.add_to_open_draft(package=package, user=administrator, at=AT) for _ in range(2)]
    work_to_the_end()

    draft.refresh_from_db()
    package.refresh_from_db()
    assert done[0] is True
    assert (draft.status, draft.documents.count(), package.draft) == (S.READY, 4, draft)


def test_a_draft_that_somebody_made_after_the_sorting_is_found(access: Access, administrator: User) -> None:
    heap = sorted_heap(administrator, *files_for(access.customer, SHARES))
    main, *_parts = files_for(access.customer, SHARES)
    other, _refused = drafts.begin(
        access=access, service=SHARES, period=heap.packages.get().period, files=[upload("a.xml", main.content)],
        by="user:ola@vendor.example", at=AT,
    )  # fmt: skip

    ordering.order_drafts(heap=heap, user=administrator, at=AT)
    work_to_the_end()

    package = heap.packages.get()
    assert (package.verdict, package.other, package.wanted_at) == (V.OPEN_DRAFT, other, None)
    assert Submission.objects.count() == 1


def test_a_package_whose_files_have_errors_becomes_no_draft_and_says_why(access: Access, administrator: User) -> None:
    main, *_parts = files_for(access.customer, SHARES)
    spoilt = NamedFile(
        main.name, main.content.replace(b"</Inntektsar-datadef-692>", b"</Inntektsar-datadef-692><Ukjent/>", 1)
    )

    heap = with_drafts(administrator, spoilt)

    package = heap.packages.get()
    assert (package.verdict, package.draft, Submission.objects.count()) == (V.ERRORS, None, 0)
    assert main.name in text_of(package)


def test_all_that_is_ready_is_queued_through_the_queue_with_its_audit(firm: Firm, administrator: User) -> None:
    one, two = firm.customers(2)
    heap = with_drafts(administrator, *files_for(one, SHARES), *files_for(two, SHARES), *files_for(one, HOUSING))

    number = send_all(heap, administrator)
    work_to_the_end()

    rows = Submission.objects.all()
    assert (number, {row.status for row in rows}, {row.queued_by for row in rows}) == (
        3,
        {S.QUEUED},
        {administrator.actor},
    )
    assert {row.calls.count() for row in rows} == {1, 5}
    assert AuditEvent.objects.filter(what="READY->QUEUED").count() == 3
    firm.world.let_pass(60)
    firm.world.work_submissions()
    assert set(rows.values_list("status", flat=True)) == {S.DELIVERED}


def test_what_needs_an_answer_is_not_sent_from_a_heap(firm: Firm, administrator: User) -> None:
    clean, warned = firm.customers(2)
    heap = with_drafts(administrator, *files_for(clean, SHARES), *files_for(warned, SHARES, wrong=True))
    shown = ordering.to_send(heap=heap, user=administrator)

    send_all(heap, administrator)
    work_to_the_end()

    assert (len(shown.ids), shown.customers, shown.numbers) == (1, 1, ((SHARES, "2025", 1),))
    assert [Submission.objects.get(customer=one).status for one in (clean, warned)] == [S.QUEUED, S.READY]


def test_a_report_that_was_delivered_before_is_told_and_not_sent_in_the_heap(
    world: World, access: Access, administrator: User
) -> None:
    world.send(world.queued(parts=2))

    heap = with_drafts(administrator, *files_for(access.customer, SHARES))

    package = heap.packages.get()
    assert package.draft is not None
    assert package.draft.status == S.READY
    assert ordering.to_send(heap=heap, user=administrator).ids == ()


def test_a_report_that_was_delivered_before_has_its_verdict(world: World, access: Access, administrator: User) -> None:
    delivered = world.send(world.queued(parts=2))

    heap = sorted_heap(administrator, *files_for(access.customer, SHARES))

    package = heap.packages.get()
    assert (package.verdict, package.other) == (V.BEFORE, delivered)
    assert (
        text_of(package) == "2025 er levert 23. november 2026. Denne erstatter den. Kladden sendes fra sin egen side."
    )


def test_only_what_was_shown_is_sent(firm: Firm, administrator: User) -> None:
    one, two = firm.customers(2)
    heap = with_drafts(administrator, *files_for(one, SHARES), *files_for(two, SHARES))
    shown = ordering.to_send(heap=heap, user=administrator).token
    first = heap.packages.order_by("pk")[0].draft
    assert first is not None
    removing.remove(submission=first, document=first.documents.all()[0], by=administrator.actor, at=AT)

    with pytest.raises(ordering.HasChanged):
        ordering.order_sending(heap=heap, user=administrator, shown=shown, at=AT)

    assert set(Submission.objects.values_list("status", flat=True)) <= {S.READY, S.DRAFT}


def another_file(draft: Submission, access: Access, user: User) -> None:
    """A colleague puts a report without faults in place of the one that is there."""
    (file,) = files_for(access.customer, HOUSING)
    changed = file.content.replace(b"EKSEMPEL-", b"ANNEN-")
    drafts.add_files(submission=draft, files=[upload(file.name, changed)], by=user.actor, at=LATER)
    draft.refresh_from_db()
    assert (draft.status, draft.warnings) == (S.READY, 0)


def test_a_file_that_is_changed_after_the_page_was_shown_is_not_sent(
    world: World, access: Access, administrator: User, case_worker: User
) -> None:
    Vendor(world, HOUSING)
    heap = with_drafts(administrator, *files_for(access.customer, HOUSING))
    shown = ordering.to_send(heap=heap, user=administrator)
    assert len(shown.ids) == 1

    another_file(Submission.objects.get(), access, case_worker)

    with pytest.raises(ordering.HasChanged):
        ordering.order_sending(heap=heap, user=administrator, shown=shown.token, at=LATER)


def test_a_file_that_is_changed_before_the_worker_comes_is_told_and_not_sent(
    world: World, access: Access, administrator: User, case_worker: User
) -> None:
    Vendor(world, HOUSING)
    heap = with_drafts(administrator, *files_for(access.customer, HOUSING))
    assert send_all(heap, administrator) == 1

    another_file(Submission.objects.get(), access, case_worker)
    work_to_the_end(at=LATER)

    package = heap.packages.get()
    assert (package.not_sent, package.send_wanted_at, Submission.objects.get().status) == (True, None, S.READY)
    assert text_of(package) == "Ble ikke sendt, for kladden ble endret etter bestillingen"


def test_what_is_no_longer_ready_when_the_worker_comes_is_told(access: Access, administrator: User) -> None:
    heap = with_drafts(administrator, *files_for(access.customer, SHARES))
    send_all(heap, administrator)
    Access.objects.filter(pk=access.pk).update(status=Access.Status.REMOVED)

    work_to_the_end()

    package = heap.packages.get()
    assert (package.not_sent, package.send_wanted_at, Submission.objects.get().status) == (True, None, S.READY)
    assert text_of(package) == "Ble ikke sendt, for noe må besvares først. Tilgangen kan ikke brukes til å sende nå"
    assert ordering.to_send(heap=heap, user=administrator).ids == ()


def test_a_service_for_two_persons_is_asked_about_and_not_sent(access: Access, administrator: User) -> None:
    heap = with_drafts(administrator, *files_for(access.customer, SHARES))
    entry = catalogue.service(SHARES)
    local.switch_approval(service=entry, environment=heap.environment, on=True, by=administrator.actor, at=AT)
    send_all(heap, administrator)

    work_to_the_end()

    package = heap.packages.get()
    assert (package.not_sent, package.send_wanted_at, Submission.objects.get().status) == (False, None, S.READY)
    assert Approval.objects.unanswered().get().asked_by == administrator.actor
    assert ordering.to_send(heap=heap, user=administrator).ids == ()


def test_a_person_who_lost_the_customer_gets_no_drafts(access: Access, case_worker: User) -> None:
    heap = sorted_heap(case_worker, *files_for(access.customer, SHARES))
    ordering.order_drafts(heap=heap, user=case_worker, at=AT)
    case_worker.portfolios.clear()

    work_to_the_end()

    assert Submission.objects.count() == 0
    assert heap.packages.get().verdict == V.NO_ACCESS


@pytest.mark.django_db(transaction=True)
def test_whichever_worker_dies_while_sorting_each_file_is_sorted_once(
    world: World, access: Access, administrator: User
) -> None:
    files = files_for(access.customer, SHARES)

    def begin() -> Heap:
        Heap.objects.all().delete()
        return drop(administrator, *files)

    heap = begin()
    for where in each_death(world, lambda: work.run(at=AT) and None, at_least=5):
        work_to_the_end(at=LATER)
        found = [(package.verdict, package.files.count()) for package in heap.packages.all()]
        assert found == [(V.READY, 4)], where
        heap = begin()


@pytest.mark.django_db(transaction=True)
def test_whichever_worker_dies_one_draft_is_made(world: World, access: Access, administrator: User) -> None:
    files = files_for(access.customer, SHARES)

    def begin() -> Heap:
        Submission.objects.update(period_start=date(1999, 1, 1))
        Heap.objects.all().delete()
        heap = sorted_heap(administrator, *files)
        assert ordering.order_drafts(heap=heap, user=administrator, at=AT) == 1
        return heap

    heap = begin()
    for where in each_death(world, lambda: work.run(at=AT) and None, at_least=10):
        work_to_the_end(at=LATER)
        made = Submission.objects.filter(period_start__year=2025)
        assert [(row.status, row.documents.count()) for row in made] == [(S.READY, 4)], where
        assert heap.packages.get().draft == made.get(), where
        heap = begin()


@pytest.mark.django_db(transaction=True)
def test_whichever_worker_dies_a_draft_is_queued_once(world: World, access: Access, administrator: User) -> None:
    files = files_for(access.customer, SHARES)

    def begin() -> Heap:
        Submission.objects.update(period_start=date(1999, 1, 1))
        Heap.objects.all().delete()
        heap = with_drafts(administrator, *files)
        assert send_all(heap, administrator) == 1
        return heap

    begin()
    for where in each_death(world, lambda: work.run(at=AT) and None, at_least=4):
        work_to_the_end(at=LATER)
        (row,) = Submission.objects.filter(period_start__year=2025)
        steps = AuditEvent.objects.filter(what="READY->QUEUED", target=f"submissions.Submission:{row.pk}")
        assert (row.status, row.calls.count(), steps.count()) == (S.QUEUED, 5, 1), where
        begin()


def test_the_bytes_of_a_draft_stay_when_its_heap_is_discarded(access: Access, administrator: User) -> None:
    heap = with_drafts(administrator, *files_for(access.customer, SHARES))

    removal.delete(heap=heap, by=administrator.actor, at=AT)

    contents: list[Any] = [read_document(document) for document in Document.objects.all()]
    assert len(contents) == 4


def test_each_order_is_carried_out_for_whoever_gave_it(access: Access, administrator: User, case_worker: User) -> None:
    """One has drafts made and another sends before the worker comes, and the other way round."""
    heap = sorted_heap(case_worker, *files_for(access.customer, SHARES))
    ordering.order_drafts(heap=heap, user=case_worker, at=AT)
    work_to_the_end()
    more = [upload(file.name, file.content) for file in files_for(access.customer, SHARES, year=2024)]
    intake.add(heap=heap, uploads=more, by=case_worker.actor, at=AT)
    work_to_the_end()

    send_all(heap, administrator)
    ordering.order_drafts(heap=heap, user=case_worker, at=AT)
    work_to_the_end()

    first, second = Submission.objects.order_by("-period_start")
    assert (first.status, first.queued_by) == (S.QUEUED, administrator.actor)
    assert second.created_by == case_worker.actor


def test_who_orders_the_sending_asks_and_cannot_approve(access: Access, administrator: User, case_worker: User) -> None:
    entry = catalogue.service(SHARES)
    local.switch_approval(service=entry, environment="SANDBOX", on=True, by=administrator.actor, at=AT)
    heap = with_drafts(case_worker, *files_for(access.customer, SHARES))
    other = [upload(file.name, file.content) for file in files_for(access.customer, SHARES, year=2024)]
    intake.add(heap=heap, uploads=other, by=case_worker.actor, at=AT)
    work_to_the_end()

    send_all(heap, administrator)
    ordering.order_drafts(heap=heap, user=case_worker, at=AT)
    work_to_the_end()

    assert Approval.objects.get().asked_by == administrator.actor
