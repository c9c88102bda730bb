"""A month in the life of 200 customers: a-meldinger from dropped files, corrections, tax cards and letters.

At the end each number in our tables is compared with the one that the sandbox has.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from django.db.models import Q
from django.test import Client
from django.urls import reverse

from accounts.models import Customer, User, Vendor
from portal.sandbox.skatteetaten import letters
from portal.sandbox.skatteetaten.records import Verdict
from submissions.adapters.amelding.samples import example
from submissions.adapters.base import About, NamedFile
from submissions.models import Dialog, Document, Heap, Opening, Order, Submission, Transmission
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.drafting import drafts
from submissions.services.heaps import ordering
from submissions.services.inbox import sources
from submissions.services.opened import tell
from submissions.services.versions import versions_of
from systemusers.services.clients import save_client
from tests.submissions.accountant import Firm
from tests.submissions.adapters.rig import Rig as Reporting
from tests.submissions.heaps.rig import drop, verdicts, work_to_the_end
from tests.submissions.inbox.reading import Reading, opened_dialogs
from tests.submissions.orders.rig import ALL, CHANGES, listed, person
from tests.submissions.orders.rig import Rig as Cards
from tests.submissions.world import BY, World, queue_package

S = Submission.Status
MONTH, SERVICE = Period.month(2026, 10), "innrapportering-amelding"
CUSTOMERS, REJECTED, REPLACED, LETTERS = 200, 10, 5, 4
PEOPLE = 12


class Month:
    """An accountant with its clients, who reports for itself too."""

    def __init__(self, world: World, user: User) -> None:
        self.world, self.user, self.reading = world, user, Reading(world)
        self.cards = Cards(world, "skattekorttilarbeidsgiver")
        self.card_access = world.access
        Reporting(world, "amelding")
        world.want_scopes(sources.LETTER_SCOPES)
        firm = Firm(world)
        self._want(firm, [*catalogue.service(SERVICE).scopes, *sources.LETTER_SCOPES])
        self.customers: list[Customer] = [world.access.customer, *firm.customers(CUSTOMERS - 1)]
        Vendor.objects.update(tells_opened=True)

    def _want(self, firm: Firm, scopes: list[str]) -> None:
        firm.client.scopes = sorted({*firm.client.scopes, *scopes})
        save_client(client=firm.client, by=BY, at=self.world.at)
        self.world.app.state.clients[firm.client.client_id].scopes = firm.client.scopes

    def message(self, customer: Customer, *, replaces: str = "") -> NamedFile:
        return example(About(customer.orgnr, MONTH, SERVICE), replaces=replaces)

    def report_all(self) -> Heap:
        """One file for each customer in a heap, none for upload; drafts of all, and all that are ready are sent."""
        self.remote.verdicts += [
            Verdict(verdict="rejected", service=SERVICE, orgnr=customer.orgnr) for customer in self.customers[:REJECTED]
        ]
        heap = drop(self.user, *map(self.message, self.customers), at=self.world.at)
        self.work_on(heap)
        ordering.order_drafts(heap=heap, user=self.user, at=self.world.at)
        self.work_on(heap)
        shown = ordering.to_send(heap=heap, user=self.user).token
        ordering.order_sending(heap=heap, user=self.user, shown=shown, at=self.world.at)
        self.work_on(heap)
        self.work()
        return heap

    def work_on(self, heap: Heap) -> None:
        """Turns of the workers until the heap has nothing left to do: a turn ends after a minute."""
        work_to_the_end(at=self.world.at)
        while Heap.objects.filter(pk=heap.pk, next_attempt_at__isnull=False).exists():
            self.world.let_pass(120)
            work_to_the_end(at=self.world.at)

    def replace(self, earlier: Submission) -> Submission:
        """A person corrects a message by one that names it."""
        correction = drafts.copy_for_correction(submission=earlier, by=BY, at=self.world.at)
        file = self.message(earlier.customer, replaces=earlier.own_reference)
        return queue_package(correction, [(file.name, file.content)], at=self.world.at)

    def replace_some(self) -> None:
        """All that were rejected, and some that were accepted."""
        rejected = list(Submission.objects.filter(status=S.REJECTED))
        accepted = list(Submission.objects.filter(status=S.ACCEPTED).order_by("pk")[:REPLACED])
        for row in [*rejected, *accepted]:
            self.replace(row)
        self.work()

    def work(self) -> None:
        """What workers do until every delivery has its answer, and every customer was asked about: at most 18 minutes."""
        self.world.work_submissions()
        for _ in range(10):
            self.world.let_pass(120)
            self.world.app.run_due()
            self.world.work_submissions()
            self.reading.round()

    def order_cards(self) -> list[Order]:
        """For one employer: all that are listed, then what has changed."""
        self.world.access = self.card_access
        employees = [person(str(n % 10), but=n // 10) for n in range(PEOPLE)]
        first = self.cards.finish(self.cards.ask(kind=ALL, listed=listed(*employees)))
        return [first, self.cards.finish(self.cards.ask(kind=CHANGES))]

    def receive_letters(self) -> None:
        """Skatteetaten writes to some customers; the inbox has it some minutes later."""
        for customer in self.customers[:LETTERS]:
            letters.send(
                self.world.app, orgnr=customer.orgnr, resource=catalogue.service(SERVICE).resources[0],
                title="Vedtak", text="Hei", api_access=True, now=self.world.at,
            )  # fmt: skip
        self.work()

    def read_letters(self, client: Client, reader: User, number: int) -> None:
        """A person opens the documents of so many letters, and the worker tells Skatteetaten."""
        client.force_login(reader)
        for letter in Transmission.objects.letters().order_by("pk")[:number]:
            document = letter.documents.get()
            client.get(reverse("document-file", kwargs={"environment": "sandbox", "pk": document.pk}))
        at = self.world.at  # pages take the time of the machine
        Opening.objects.update(opened_at=at, status_at=at, next_attempt_at=at)
        for _ in range(12):
            self.world.let_pass(600)
            tell.tell_due(at=self.world.at)

    @property
    def remote(self) -> Any:
        return self.world.app.state.skatteetaten


@pytest.fixture
def month(world: World, administrator: User) -> Month:
    return Month(world, administrator)


def delivery(received: Any) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(received.content[0])["leveranse"]
    return message


def standing_remotely(month: Month) -> set[str]:
    """The messages that count: accepted, and named by no accepted one."""
    accepted = [one for one in month.world.received if one.feedback and one.feedback.verdict != "rejected"]
    return {one.reference for one in accepted} - {delivery(one).get("erstatterMeldingsId") for one in accepted}


def standing_here() -> set[str]:
    """The same by the history of each customer, as its page shows it."""
    newest = Submission.objects.order_by("customer_id", "-pk").distinct("customer_id")
    return {one.submission.own_reference for row in newest for one in versions_of(row) if one.stands}


def replaced_here() -> set[tuple[str, str]]:
    rows = Submission.objects.exclude(replaces_reference="")
    return set(rows.values_list("own_reference", "replaces_reference"))


def replaced_remotely(month: Month) -> set[tuple[str, str]]:
    named = ((one.reference, delivery(one).get("erstatterMeldingsId")) for one in month.world.received)
    return {(mine, other) for mine, other in named if other}


def check_messages(month: Month) -> None:
    """Received, accepted, rejected, replaced and standing: the same on both sides, message by message."""
    received = {one.reference: one for one in month.world.received}
    ours = {row.own_reference: row for row in Submission.objects.all()}
    judged = {key: one.feedback.verdict for key, one in received.items()}
    statuses = {"accepted": S.ACCEPTED, "warning": S.ACCEPTED, "rejected": S.REJECTED}

    assert len(received) == CUSTOMERS + REJECTED + REPLACED
    assert {key: row.status for key, row in ours.items()} == {key: statuses[word] for key, word in judged.items()}
    assert {key: row.customer.orgnr for key, row in ours.items()} == {key: one.orgnr for key, one in received.items()}
    assert Counter(judged.values()) == {"accepted": CUSTOMERS + REPLACED, "rejected": REJECTED}
    assert replaced_here() == replaced_remotely(month)
    assert len(replaced_here()) == REJECTED + REPLACED
    assert standing_here() == standing_remotely(month)
    assert len(standing_here()) == CUSTOMERS


def check_copies(month: Month) -> None:
    """Each message once, with its receipt and its feedback, in the dialog that Skatteetaten has."""
    sent = month.world.received
    roles = Counter(Document.objects.filter(submission__isnull=False).values_list("role", flat=True))
    shown = Q(dialog_id__in=[one.dialog_id for one in sent])
    assert roles == {"MESSAGE": len(sent), "RECEIPT": len(sent), "FEEDBACK": len(sent)}
    assert {str(row.transmission_id) for row in Submission.objects.all()} == {one.id for one in sent}
    assert Dialog.objects.filter(shown).count() == len({one.dialog_id for one in sent}) == CUSTOMERS


def check_cards(month: Month, orders: list[Order]) -> None:
    remote = {one.reference: one for one in month.remote.orders.values()}
    people = {key: sum(len(e["employees"]) for e in one.employers) for key, one in remote.items()}
    assert [order.status for order in orders] == ["FETCHED", "FETCHED"]
    assert {order.remote_id: sum(order.facts["results"].values()) for order in orders} == people
    assert [remote[order.remote_id].only_changes for order in orders] == [False, True]
    assert people[orders[0].remote_id] == PEOPLE
    assert 0 < people[orders[1].remote_id] < PEOPLE
    assert Order.objects.count() == len(remote) == 2


def check_letters(month: Month, read: int) -> None:
    here, there = Transmission.objects.letters(), month.remote.letters.values()
    assert {str(row.transmission_id) for row in here} == {one.transmission_id for one in there}
    assert here.count() == LETTERS
    opened = {one.transmission_id for one in there if one.opened_at}
    assert {str(row.transmission_id) for row in here.filter(read_at__isnull=False)} == opened
    assert len(opened) == read


@pytest.mark.benchmark
def test_the_numbers_of_a_month_are_the_same_here_and_there(month: Month, client: Client) -> None:
    heap = month.report_all()
    assert verdicts(heap) == {"SORTED": CUSTOMERS}
    assert Counter(Submission.objects.values_list("status", flat=True)) == {
        S.ACCEPTED: CUSTOMERS - REJECTED, S.REJECTED: REJECTED,
    }  # fmt: skip

    month.replace_some()
    orders = month.order_cards()
    month.receive_letters()
    month.read_letters(client, month.user, LETTERS - 1)

    check_messages(month)
    check_copies(month)
    check_cards(month, orders)
    check_letters(month, LETTERS - 1)
    read = Transmission.objects.letters().filter(read_at__isnull=False).select_related("dialog")
    opened = sorted(path.rsplit("/", 1)[-1] for path in opened_dialogs(month.world))
    assert opened == sorted(str(row.dialog.dialog_id) for row in read), "only what a person has opened"
