"""The world of tests/world.py with a customer whose access may send one report, and the worker that sends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import QuerySet

from accounts.models import Customer
from portal.core import lease
from portal.core.lease import Hold
from portal.sandbox.faults import Fault
from submissions.adapters.rf1086.samples import example
from submissions.models import Submission
from submissions.services.drafting import drafts
from submissions.services.drafting.preflight import preflight
from submissions.services.sending import reconcile, send
from submissions.services.sending.queue import queue
from systemusers.models import Access, ClientRound, Kind, MaskinportenClient, SigningKey, System
from systemusers.services import authorised_parties, client_relations
from systemusers.services.clients import save_client
from tests import world as base
from tests.kept import built
from tests.world import (
    AGENT_PACKAGE,
    AT,
    BY,
    CLIENT_ID,
    PACKAGE,
    RESOURCE,
    SCOPE,
    SERVICE,
    SYSTEM_ID,
    VENDOR_SCOPES,
    fresh,
    give_key,
    key_pair,
    make_draft,
    make_profile,
    nothing,
)

SKATTEETATEN = "/skatteetaten/api/aksjonaerregister/v1"
SCOPES = [*VENDOR_SCOPES, SCOPE]
LONG = 10**6
"""A token outlives every test, so that a count of calls does not depend on the time that passes in it."""


class World(base.World):
    """`access` is the customer's, in use."""

    scopes = SCOPES

    def __init__(
        self, customer: Customer, origin: str, *, client_id: str = CLIENT_ID, system_id: str = SYSTEM_ID
    ) -> None:
        super().__init__(origin)
        self.introduce(customer.orgnr, customer.name)

        def build() -> tuple[MaskinportenClient, System, Access]:
            with self.behind():
                client = self.new_client(client_id=client_id)
                self.app.state.clients[client_id].token_lifetime = LONG
                system = self.new_system(client, system_id=system_id, packages=[AGENT_PACKAGE])
                return client, system, self.new_access(customer, make_profile(system))

        given = (customer, client_id, system_id, type(self).__name__)
        self.client, self.system, self.access = built("vendor with an access", *given, by=build, world=self)
        self.forget_calls()

    def another_access(self, customer: Customer | None = None) -> Access:
        """Through a profile of its own on the same system."""
        number = self.system.profiles.count() + 1
        row = self.new_access(customer or self.access.customer, make_profile(self.system, f"Årsoppgjør {number}"))
        self.forget_calls()
        return row

    def become_accountant(self, client: Customer) -> None:
        """`access` is the customer's for its clients from here on, and `client` is one of them."""
        profile = make_profile(self.system, "For klienter", kind=Kind.AGENT, rights=[], packages=[AGENT_PACKAGE])
        self.access = self.new_access(self.access.customer, profile)
        self.control(f"/control/system-users/{self.access.system_user.altinn_id}/clients", {"orgnrs": [client.orgnr]})
        self.read_clients()
        self.forget_calls()

    def read_clients(self) -> None:
        """What a worker does after a night: ask Altinn for the clients of every accountant."""
        self.want_scopes([authorised_parties.SCOPE])
        client_relations.make_rounds(at=self.at)
        lease.make_due(ClientRound.objects.all(), at=self.at)
        client_relations.refresh_due(at=self.at)

    def want_scopes(self, scopes: Iterable[str]) -> None:
        """The client gets them too, here and at Maskinporten."""
        self.client.scopes = sorted({*self.client.scopes, *scopes})
        save_client(client=self.client, by=BY, at=self.at)
        self.app.state.clients[self.client.client_id].scopes = self.client.scopes

    def queued(self, *, parts: int = 1, **fields: Any) -> Submission:
        """A package that is in the queue, due now."""
        submission = make_draft(self.access, at=self.at, **fields)
        return queue_package(submission, package(submission, parts=parts), at=self.at)

    def send(self, submission: Submission) -> Submission:
        """One task's worth of sending; what the remote did not do is left for later."""
        work_on(send.waiting_rows().filter(pk=submission.pk), send_one, at=self.at)
        submission.refresh_from_db()
        return submission

    def look_into(self, submission: Submission) -> Submission:
        """One task's worth of settling."""
        work_on(reconcile.uncertain_rows().filter(pk=submission.pk), reconcile.settle, at=self.at)
        submission.refresh_from_db()
        return submission

    def settle(self, submission: Submission, *, rounds: int = 40) -> Submission:
        """Sweeps, sends and reconciles as the worker would, minute by minute, until nothing moves any more."""
        for _ in range(rounds):
            submission.refresh_from_db()
            if submission.status not in ("QUEUED", "SENDING", "UNCERTAIN"):
                break
            self.let_pass(60)
            send.send_due(at=self.at, when_full=nothing)
            reconcile.settle_due(at=self.at, when_full=nothing)
        return submission

    def work_submissions(self) -> None:
        """What woken workers do: send and settle until nothing is due at this moment."""
        full = [True]
        while full:
            full.clear()
            send.send_due(at=self.at, when_full=lambda: full.append(True))
            reconcile.settle_due(at=self.at, when_full=lambda: full.append(True))

    def order(self, *, step: str, **fault: Any) -> None:
        """The next call of the step (1086H, 1086U, bekreft) meets a fault; those of other steps before it do not."""
        before = {"1086H": 0, "1086U": 1, "bekreft": 2}[step]
        self.app.faults.order(
            Fault(
                service="skatteetaten", path=SKATTEETATEN, after=before, **{"kind": "status", "seconds": 0.0, **fault}
            )
        )

    @property
    def received(self) -> list[Any]:
        """What the sandbox's Skatteetaten has taken in for good."""
        return list(self.app.state.skatteetaten.submissions.values())

    def calls(self, ending: str) -> list[httpx.Request]:
        """Our calls to Skatteetaten whose address ends so."""
        ours = [request for request in self.transport.requests if request.url.path.startswith(SKATTEETATEN)]
        return [request for request in ours if request.url.path.endswith(ending)]


def work_on(rows: QuerySet[Submission], work: Callable[[Hold[Submission]], None], *, at: datetime) -> int:
    """What a task does with due rows; gives their number."""
    holds = lease.claim(rows, at=at)
    for hold in holds:
        with lease.reporting(hold):
            work(hold)
    return len(holds)


def send_one(hold: Hold[Submission]) -> None:
    send.walk([hold], stop_at=hold.now() + send.BUDGET)


def make_key(client: MaskinportenClient, at: datetime) -> dict[str, Any]:
    """A key in use instead of the one before; gives the public half."""
    for old in client.keys.filter(status=SigningKey.Status.ACTIVE):
        old.move_to(SigningKey.Status.RETIRED, by=BY, at=at)
    jwk: dict[str, Any] = give_key(client, at=at).public_jwk
    return jwk


Files = list[tuple[str, bytes]]


def package(submission: Submission, *, parts: int = 1) -> Files:
    """A main form and its parts: a company with so many shareholders."""
    customer, year = submission.customer, submission.period_start.year
    files = example(customer.orgnr, customer.name, year, shareholders=parts)
    return [(file.name, file.content) for file in files]


def store(submission: Submission, files: Files, *, at: datetime, by: str = BY) -> None:
    """The files are added and checked, as when a person uploads them."""
    uploads = [SimpleUploadedFile(name, content) for name, content in files]
    drafts.add_files(submission=submission, files=uploads, by=by, at=at)


def store_package(submission: Submission, *, parts: int = 1) -> None:
    """A package without faults, which makes the draft READY."""
    store(submission, package(submission, parts=parts), at=submission.created_at)


def queue_package(submission: Submission, files: Files, *, at: datetime, by: str = BY) -> Submission:
    """The files are stored and checked, every question is answered yes, and the report is put in the queue."""
    store(submission, files, at=at, by=by)
    questions = {code for code, _ in preflight(submission).questions}
    queue(submission=submission, by=by, at=at, confirmed=frozenset(questions))
    return submission


@pytest.fixture
def world(vendor: Any, customer: Customer, settings: Any) -> Iterator[World]:
    made = World(customer, settings.SANDBOX_URL)
    with made.behind():
        yield made


__all__ = [
    "AT", "BY", "PACKAGE", "RESOURCE", "SCOPE", "SCOPES", "SERVICE", "World", "fresh", "key_pair", "make_draft", "make_key",
    "nothing", "package", "queue_package", "store_package", "world",
]  # fmt: skip
