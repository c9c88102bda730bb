"""A vendor with its client, key, system, profile and customers, in the sandbox and in our tables, and one clock for both.

Every row is made by the product's services against the sandbox, so a state that they refuse cannot be built here. Two things
are not: the RSA pair of a key is shared by the whole run, as making one takes long, and `make_draft` moves a row on through
the state machine instead of sending it (see there).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any, ClassVar

import httpx

from accounts.models import Customer
from accounts.services import customers
from portal.core import lease
from portal.core.budgets import store
from portal.core.states import StatusModel
from portal.core.valkey import valkey
from portal.gateways import http, maskinporten
from portal.sandbox import Sandbox
from portal.sandbox.clock import Clock
from portal.sandbox.faults import Fault
from portal.sandbox.testing import Transport, shared_key_app
from submissions.models import Submission
from submissions.period import Period
from submissions.services.drafting import drafts
from systemusers.models import Access, AccessProfile, MaskinportenClient, SigningKey, System
from systemusers.services import access as access_service
from systemusers.services import tokens
from systemusers.services.clients import save_client
from systemusers.services.keys import LIFETIME, activate_key
from systemusers.services.system_register import look_at, register_system, save_profile, save_system, settle
from tests.fixtures import AT, VENDOR_ORGNR

BY = "user:ida@vendor.example"
SERVICE = "innrapportering-aksjonaerregisteroppgave"
RESOURCE = "ske-innrapportering-aksjonaerregisteroppgave"
SCOPE = "skatteetaten:innrapporteringaksjonaerregisteroppgave"
PACKAGE = "urn:altinn:accesspackage:skattegrunnlag"
AGENT_PACKAGE = "urn:altinn:accesspackage:regnskapsforer-med-signeringsrettighet"
RETURN = "http://127.0.0.1:8000/return"
CLIENT_ID = "3f1f0b1c-0000-4000-8000-000000000001"
SYSTEM_ID = f"{VENDOR_ORGNR}_fjordtall"
VENDOR_SCOPES = [
    "altinn:authentication/systemregister.write",
    "altinn:authentication/systemuser.request.read",
    "altinn:authentication/systemuser.request.write",
    "digdir:dialogporten",
]


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


def nothing() -> None:
    """No other worker is woken."""


class World:
    """`app` is the sandbox; `at` the time on both sides. `scopes` are those of a new client."""

    scopes: ClassVar[list[str]] = VENDOR_SCOPES

    def __init__(self, origin: str) -> None:
        self.at: datetime = AT
        self.app: Sandbox = shared_key_app(clock=Clock(frozen_at=AT), origin=origin)
        self.app.state.settings.allow_loopback_http = True
        self.transport = Recorder(self.app)
        self.http = httpx.Client(transport=Transport(self.app), base_url=origin)
        self.introduce(VENDOR_ORGNR, "Fjordtall")

    @contextmanager
    def behind(self) -> Iterator[None]:
        """The gateways call this sandbox until the end, and stamp their grants by its clock."""
        before, http.TRANSPORT = http.TRANSPORT, self.transport
        clock, maskinporten.clock = maskinporten.clock, self.app.clock.now
        try:
            yield
        finally:
            http.TRANSPORT, maskinporten.clock = before, clock

    def forget_calls(self) -> None:
        """A test counts its own calls and tokens only, not those that built its rows."""
        self.transport.requests.clear()
        self.app.calls.clear()
        valkey().flushdb()

    # Time and the remotes.

    def let_pass(self, seconds: float = 0, **time: float) -> None:
        period = timedelta(seconds=seconds) + timedelta(**time)
        self.at += period
        self.app.clock.advance(period.total_seconds())
        if names := valkey().smembers(store.ALL):  # Valkey has a clock of its own, by which no time has passed
            valkey().delete(*(store.key_of(name.decode()) for name in names))

    def control(self, path: str, body: Any = None, *, method: str = "POST") -> Any:
        reply = self.http.request(method, path, json=body if body is not None else {})
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    def fault(self, **fault: Any) -> None:
        self.app.faults.order(Fault(**{"service": "authentication", "seconds": 0.0, **fault}))

    def introduce(self, orgnr: str, name: str, **fields: Any) -> None:
        """The authorities know the organisation."""
        self.control("/control/organisations", {"orgnr": orgnr, "name": name, **fields})

    def introduce_client(self, client: MaskinportenClient, **fields: Any) -> None:
        """Maskinporten knows the client and the public halves of its keys."""
        keys = [key.public_jwk for key in client.keys.exclude(status="RETIRED")]
        body = {"client_id": client.client_id, "orgnr": client.orgnr, "scopes": client.scopes, "jwks": {"keys": keys}}
        self.control("/control/clients", {**body, **fields})

    def decide(self, row: Access, act: str, **body: Any) -> None:
        """The customer answers in Altinn: `act` is approve, reject, forward …"""
        self.control(f"/control/requests/{row.altinn_id}/{act}", body)

    # Rows, made by the services.

    def new_client(self, **fields: Any) -> MaskinportenClient:
        """A client with an active key."""
        client = make_client(**{"scopes": self.scopes, "at": self.at, **fields})
        key = give_key(client, status="NEW", at=self.at)
        self.introduce_client(client)
        activate_key(key=key, by=BY, at=self.at)
        return client

    def new_system(self, client: MaskinportenClient, **fields: Any) -> System:
        """A system that is registered in Altinn."""
        system = make_system(client, **fields)
        register_system(system=system, by=BY, at=self.at)
        return system

    def send_ours(self, system: System) -> None:
        """What a person does who confirms that Altinn gets all of ours."""
        shown = look_at(system=system, at=self.at)
        choices = shown.choices({}, all_of="ours")
        typed = {line.key: line.word for line in shown.removed(choices)}
        settle(system=system, seen=shown.seen, choices=choices, typed=typed, by=BY, at=self.at)

    def new_customer(self, orgnr: str, name: str, **fields: Any) -> Customer:
        details = customers.Details(name=name, **fields)
        customer = customers.add_customer(environment="SANDBOX", orgnr=orgnr, details=details, by=BY, at=self.at)
        self.introduce(orgnr, name)
        return customer

    def new_access(self, customer: Customer, profile: AccessProfile) -> Access:
        """An access that the customer has approved and that is in use."""
        row = self.poll(
            self._approved(access_service.ask_access(customer=customer, profile=profile, by=BY, at=self.at))
        )
        tokens.system_user_token(access=row, scopes=("digdir:dialogporten",), at=self.at)
        return fresh(row)

    def _approved(self, draft: Access) -> Access:
        row = self.send_access(draft)
        self.decide(row, "approve")
        return row

    # What a worker does with one access.

    def send_access(self, row: Access) -> Access:
        """One task's worth; what Altinn did not do is left for later."""
        self.make_due(row)
        access_service.send_due(at=self.at)
        return fresh(row)

    def poll(self, row: Access) -> Access:
        self.make_due(row)
        access_service.poll_due(at=self.at)
        return fresh(row)

    def work(self) -> None:
        """What a woken worker does: whatever is due, now."""
        access_service.send_due(at=self.at)
        access_service.poll_due(at=self.at)
        access_service.watch_due(at=self.at)

    def check(self, row: Access) -> Access:
        self.make_due(row)
        access_service.check_due(at=self.at)
        return fresh(row)

    def make_due(self, row: Access) -> None:
        lease.make_due(Access.objects.filter(pk=row.pk), at=self.at)


def fresh(row: Any) -> Any:
    """The row as the database has it now."""
    return type(row)._base_manager.get(pk=row.pk)


@cache
def key_pair(_number: int) -> tuple[str, bytes, dict[str, Any]]:
    """Made once: it takes a while."""
    return maskinporten.generate_key()


def make_client(
    *, environment: str = "SANDBOX", client_id: str = CLIENT_ID, scopes: list[str] = VENDOR_SCOPES, at: datetime = AT
) -> MaskinportenClient:
    """Known to us only."""
    client = MaskinportenClient(
        environment=environment, client_id=client_id, name="Fjordtall", orgnr=VENDOR_ORGNR, scopes=list(scopes)
    )
    client.full_clean()
    save_client(client=client, by=BY, at=at)
    return client


def give_key(client: MaskinportenClient, *, number: int = 0, status: str = "ACTIVE", at: datetime = AT) -> SigningKey:
    """The row that `keys.make_key` makes, with the pair of this number. ACTIVE is reached through the state machine."""
    kid, pem, jwk = key_pair(number)
    if SigningKey.objects.filter(kid=kid).exists():  # the same pair under a name of its own
        kid = f"{kid}-{client.pk}"
        jwk = {**jwk, "kid": kid}
    key = SigningKey.objects.create(
        client=client, kid=kid, public_jwk=jwk, private_pem=pem, created_at=at, expires_at=at + LIFETIME
    )
    if status != key.status:
        key.move_to(status, by=BY, at=at)
    return key


def make_system(client: MaskinportenClient, **fields: Any) -> System:
    """A draft of a system, as its form saves it."""
    texts = {f"{part}_{language}": "Fjordtall" for part in ("name", "description") for language in ("nb", "nn", "en")}
    values: dict[str, Any] = {
        "environment": client.environment, "system_id": SYSTEM_ID, "rights": [RESOURCE], "packages": [PACKAGE],
        "redirect_urls": [RETURN],
    }  # fmt: skip
    system = System(client=client, **{**texts, **values, **fields})
    save_system(system=system, by=BY, at=AT)
    return system


def make_profile(system: System, name: str = "Årsoppgjør", **fields: Any) -> AccessProfile:
    purposes = {f"purpose_{language}": "levere oppgaver\nlese svar" for language in ("nb", "nn", "en")}
    profile = AccessProfile(system=system, name=name, **{"rights": [RESOURCE], **purposes, **fields})
    save_profile(profile=profile, by=BY, at=AT)
    return profile


def make_draft(
    access: Access, *, at: datetime = AT, status: str = "DRAFT", customer: Customer | None = None,
    corrects: Submission | None = None, service: str = SERVICE, period: Period | None = None, **fields: Any,
) -> Submission:  # fmt: skip
    """A submission without files, for tests of lists, pages and rights.

    It is created by the service. A later `status` is reached through the state machine's own steps, without the calls that
    take a report there: `fields` are what those would have stored, written with the last step.
    """
    draft = drafts.create_draft(
        access=access, customer=customer, service=service, period=period or Period.year(2025), corrects=corrects,
        by=BY, at=at,
    )  # fmt: skip
    for step in path_to(draft, status):
        draft.move_to(step, by=BY, at=at, **fields)
    if draft.status == "DRAFT" and fields:
        Submission.objects.filter(pk=draft.pk).update(**fields)
        draft.refresh_from_db()
    return draft


def path_to(row: StatusModel, status: str) -> list[str]:
    """The shortest way through the state machine; empty when the row is there."""
    ways: deque[list[str]] = deque([[row.status]])
    while ways:
        way = ways.popleft()
        if way[-1] == status:
            return way[1:]
        ways.extend([*way, step] for step in sorted(row.TRANSITIONS[way[-1]]) if step not in way)
    raise AssertionError(f"no way from {row.status} to {status}")
