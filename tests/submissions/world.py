"""A customer with a system user in the sandbox and in our tables, and a clock that both go by."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import httpx
import pytest
from django.db.models import QuerySet

from accounts.models import Customer
from portal.core import lease
from portal.core.lease import Hold
from portal.gateways import http, maskinporten
from portal.sandbox import Sandbox
from portal.sandbox import state as remote
from portal.sandbox.altinn.lookup import add_user
from portal.sandbox.clock import Clock
from portal.sandbox.faults import Fault
from portal.sandbox.testing import Transport, shared_key_app
from submissions.models import Submission
from submissions.services.documents import store_document
from submissions.services.sending import reconcile, send
from submissions.services.sending.queue import queue
from systemusers.models import Access, SigningKey
from tests.fixtures import AT, VENDOR_ORGNR
from tests.sandbox import tax_rig
from tests.submissions.rows import RESOURCE, SCOPES, make_draft

SKATTEETATEN = "/skatteetaten/api/aksjonaerregister/v1"
BY = "user:ida@vendor.example"
PACKAGE = "urn:altinn:accesspackage:regnskapsforer-med-signeringsrettighet"


class Recorder(Transport):
    """Notes every request that leaves, also those whose answer never comes. `watch` is called around each."""

    def __init__(self, app: Sandbox) -> None:
        super().__init__(app)
        self.requests: list[httpx.Request] = []
        self.watch: Callable[[], None] = nothing

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        self.watch()
        response = super().handle_request(request)
        self.watch()
        return response


class World:
    def __init__(self, access: Access, origin: str) -> None:
        self.access = access
        self.at: datetime = AT
        self.app: Sandbox = shared_key_app(clock=Clock(frozen_at=AT), origin=origin)
        self.transport = Recorder(self.app)
        self._introduce(access)

    def _introduce(self, access: Access) -> None:
        """The sandbox gets the organisation, the vendor's client with its key, the system and the system user."""
        state, client, system = self.app.state, access.profile.system.client, access.profile.system
        for orgnr, name in ((access.customer.orgnr, access.customer.name), (VENDOR_ORGNR, "Fjordtall")):
            state.organisations[orgnr] = remote.Organisation(
                orgnr=orgnr, name=name, party_id=len(state.organisations) + 1, party_uuid=str(uuid.uuid4())
            )
        jwk = make_key(client, self.at)
        state.clients[client.client_id] = remote.Client(
            client_id=client.client_id, orgnr=VENDOR_ORGNR, scopes=SCOPES, keys=[jwk], token_lifetime=10**6,
            key_expires={jwk["kid"]: self.at + timedelta(days=300)},
        )  # fmt: skip
        state.systems[system.system_id] = remote.System(
            id=system.system_id, internal_id=str(uuid.uuid4()), orgnr=VENDOR_ORGNR, name=system.names,
            description=system.descriptions, client_ids=[client.client_id],
        )  # fmt: skip
        self.give_system_user(access)

    def give_system_user(self, access: Access) -> None:
        user = remote.SystemUser(
            id=str(access.system_user.altinn_id), seq=self.app.state.sequence(), kind="standard",
            system_id=access.profile.system.system_id, orgnr=access.customer.orgnr, external_ref=access.external_ref,
            title="", rights=[RESOURCE], packages=[], created=self.at,
        )  # fmt: skip
        add_user(self.app.state, user)

    def make_client(self, customer: Customer) -> None:
        """The access becomes an accountant's, for this client of its customer."""
        self.app.state.organisations[customer.orgnr] = remote.Organisation(
            orgnr=customer.orgnr, name=customer.name, party_id=99, party_uuid=str(uuid.uuid4())
        )
        user = next(iter(self.app.state.system_users.values()))
        user.kind, user.rights, user.packages, user.clients = "agent", [], [PACKAGE], [customer.orgnr]

    def queued(self, *, parts: int = 1, **fields: Any) -> Submission:
        """A package that is in the queue, due now."""
        submission = make_draft(self.access, at=self.at, **{"status": "READY", **fields})
        store_package(submission, parts=parts)
        queue(submission=submission, by=BY, at=self.at, confirmed=frozenset({"duplicate", "replaces"}))
        return submission

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

    def let_pass(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.app.clock.advance(seconds)

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


def nothing() -> None:
    """No other worker is woken."""


def work_on(rows: QuerySet[Submission], work: Callable[[Hold[Submission]], None], *, at: datetime) -> int:
    """What a task does with due rows; gives their number."""
    holds = lease.claim(rows, at=at)
    for hold in holds:
        with lease.reporting(hold):
            work(hold)
    return len(holds)


def send_one(hold: Hold[Submission]) -> None:
    send.walk(hold, stop_at=hold.now() + send.BUDGET)


@cache
def key_pair() -> tuple[str, bytes, dict[str, Any]]:
    """Made once: it takes a while."""
    return maskinporten.generate_key()


def make_key(client: Any, at: datetime) -> dict[str, Any]:
    """An active key of our client; gives the public half."""
    kid, pem, jwk = key_pair()
    SigningKey.objects.create(
        client=client, kid=kid, public_jwk=jwk, private_pem=pem, status="ACTIVE", created_at=at,
        expires_at=at + timedelta(days=300),
    )  # fmt: skip
    return jwk


def store_package(submission: Submission, *, parts: int = 1) -> None:
    orgnr = submission.customer.orgnr
    forms = [("MAIN", "hovedskjema.xml", tax_rig.main_form(orgnr=orgnr, shares=100 * parts, last_year=100 * parts))]
    part = tax_rig.sub_form(holder="", about=tax_rig.NAME + tax_rig.COUNTRY).replace(tax_rig.CUSTOMER, orgnr)
    forms += [("PART", f"underskjema-{n}.xml", f"{part}<!-- {n} -->") for n in range(parts)]
    for role, filename, text in forms:
        store_document(
            content=text.encode(), filename=filename, media_type="application/xml", role=role,
            customer=submission.customer, submission=submission, at=submission.created_at,
        )  # fmt: skip


@pytest.fixture
def world(access: Access, settings: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(access, settings.SANDBOX_URL)
    monkeypatch.setattr(http, "TRANSPORT", made.transport)
    monkeypatch.setattr(maskinporten, "clock", made.app.clock.now)
    return made


__all__ = ["Customer", "World", "make_key", "store_package", "world"]
