"""The part of the tour that goes beyond a single report: tax cards, material for an audit, and a heap of files."""

from __future__ import annotations

from django.utils import timezone

from portal.core.enqueue import enqueue_on_commit
from portal.core.environments import Environment
from portal.local.tour_watch import Watch
from submissions.adapters import adapter
from submissions.adapters.base import About
from submissions.adapters.numbers import synthetic_person
from submissions.adapters.retrieval import Ask
from submissions.adapters.skattekort.adapter import ALL
from submissions.models import Dialog, Heap, Order, Submission
from submissions.period import Period
from submissions.services import catalogue, material
from submissions.services.drafting.drafts import add_files
from submissions.services.heaps import intake, ordering
from submissions.services.orders import making
from submissions.services.orders.pages import opened
from submissions.services.sending.queue import queue
from submissions.services.ways import about_of, adapter_of
from submissions.tasks import send_submissions, work_on_heaps, work_orders
from submissions.views.examples import Example
from systemusers.models import Access

CARDS = "skattekorttilarbeidsgiver"
HEAP = ("innrapportering-boligsameie", "innrapportering-boligselskap")


def order_cards(tour: Watch, access: Access) -> None:
    """The tax cards of three employees, ordered, polled for, and shown with hidden numbers."""
    tour.say("\n== Tax cards of three employees")
    service, period = catalogue.service(CARDS), Period.year(timezone.localdate().year)
    way = making.way_of(service)
    listed = "\n".join(synthetic_person(serial) for serial in range(3)).encode()
    question, findings = way.read(Ask(kind=ALL, listed=listed), About(access.customer.orgnr, period, CARDS))
    tour.check(not findings, "the list of employees has faults")
    access.refresh_from_db()
    order = making.create_order(
        access=access, customer=access.customer, service=CARDS, period=period, question=question, by=tour.user.actor,
        at=timezone.now(),
    )  # fmt: skip
    enqueue_on_commit(work_orders)
    order = tour.until(order, lambda row: row.status == Order.Status.FETCHED, "the tax cards")
    full = Order.objects.defer(None).select_related("customer", "access").get(pk=order.pk)
    (table,) = opened(full, way, by=tour.user.actor, at=timezone.now())
    for row in table.rows:
        tour.say(f"   {row[1]}: {row[2]}")
    tour.check(len(table.rows) == 3, f"{len(table.rows)} cards for three employees")
    tour.calls()


def give_material(tour: Watch, access: Access) -> None:
    """Skatteetaten asks for material in a dialog; a file is uploaded to it, validated and submitted."""
    tour.say("\n== Material that Skatteetaten asks for")
    tour.control("POST", "/control/cases", {"orgnr": access.customer.orgnr, "title": "Kontroll av regnskap"})
    asked = material.find_waiting(user=tour.user, environment=Environment.SANDBOX)
    dialog: Dialog = tour.until_true(
        lambda: asked.filter(customer=access.customer).first(), "the dialog that asks for material"
    )
    draft = material.begin(dialog=dialog, by=tour.user.actor, at=timezone.now())
    files = adapter_of(draft).examples(about_of(draft), name=access.customer.name, wrong=False)
    add_files(
        submission=draft, files=[Example(f.name, f.content) for f in files], by=tour.user.actor, at=timezone.now()
    )
    draft.refresh_from_db()
    queue(submission=draft, by=tour.user.actor, at=timezone.now(), confirmed=frozenset({"warnings"}))
    enqueue_on_commit(send_submissions)
    done = tour.until(draft, lambda row: row.status == Submission.Status.ACCEPTED, "the verdict ACCEPTED")
    tour.say(f"   {done.documents.filter(role='FILE').count()} file went to the dialog {done.dialog_id}")
    tour.calls()


def sort_heap(tour: Watch, access: Access) -> None:
    """Files of two services and one of none are dropped; a worker sorts them, makes drafts, and sends those that are ready."""
    tour.say("\n== A heap of files")
    period = Period.year(tour.year().start.year - 2)
    files = [file for service in HEAP for file in _files(access, service, period)]
    uploads = [*files, Example("notat.txt", b"Til revisor")]
    heap = intake.begin(user=tour.user, environment=Environment.SANDBOX, uploads=uploads, at=timezone.now())
    _worked(tour, heap)
    for file in heap.files.order_by("pk"):
        tour.say(f"   {file.service or 'no service'}: {file.get_verdict_display()}")
    ordering.order_drafts(heap=heap, user=tour.user, at=timezone.now())
    _worked(tour, heap)
    ready = tour.until_true(lambda: _all_ready(tour, heap), "the drafts to be checked")
    number = ordering.order_sending(heap=heap, user=tour.user, shown=ready.token, at=timezone.now())
    tour.say(f"   {number} drafts are sent")
    _worked(tour, heap)
    for draft in Submission.objects.filter(pk__in=ready.ids):
        tour.until(draft, lambda row: row.status == Submission.Status.ACCEPTED, "the verdict ACCEPTED")
    tour.calls()


def _files(access: Access, service: str, period: Period) -> list[Example]:
    entry = catalogue.service(service)
    about = About(access.customer.orgnr, period, service, entry.options)
    made = adapter(entry.adapter).examples(about, name=access.customer.name, wrong=False)
    return [Example(file.name, file.content) for file in made]


def _all_ready(tour: Watch, heap: Heap) -> ordering.ToSend | None:
    ready = ordering.to_send(heap=heap, user=tour.user)
    return ready if len(ready.ids) == len(HEAP) else None


def _worked(tour: Watch, heap: Heap) -> None:
    """A worker has done what was ordered for the heap."""
    enqueue_on_commit(work_on_heaps)
    tour.until(heap, lambda row: row.next_attempt_at is None, "the worker to be done with the heap")
