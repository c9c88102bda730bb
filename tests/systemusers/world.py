"""A vendor's client, system and profile, known to the sandbox as well, and a clock that both sides go by."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import httpx
import pytest

from accounts.models import Customer, Vendor
from portal.core import lease
from portal.gateways import http, maskinporten
from portal.sandbox import Sandbox
from portal.sandbox.clock import Clock
from portal.sandbox.faults import Fault
from portal.sandbox.testing import Transport, shared_key_app
from systemusers.models import Access, AccessProfile, MaskinportenClient, SigningKey, System
from systemusers.services import access
from tests.fixtures import AT, VENDOR_ORGNR

BY = "user:ida@vendor.example"
CLIENT_ID = "3f1f0b1c-0000-4000-8000-000000000001"
RESOURCE = "ske-innrapportering-aksjonaerregisteroppgave"
PACKAGE = "urn:altinn:accesspackage:skattegrunnlag"
AGENT_PACKAGE = "urn:altinn:accesspackage:regnskapsforer-med-signeringsrettighet"
RETURN = "http://127.0.0.1:8000/return"
DIALOGS = ("digdir:dialogporten",)
SCOPES = [
    "altinn:authentication/systemregister.write",
    "altinn:authentication/systemuser.request.read",
    "altinn:authentication/systemuser.request.write",
    "digdir:dialogporten",
]
TOKEN = "/maskinporten/token"
REQUESTS = "/platform/authentication/api/v1/systemuser/request/vendor"


@cache
def key_pair(_number: int = 0) -> tuple[str, bytes, dict[str, Any]]:
    """Made once: it takes a while."""
    return maskinporten.generate_key()


@cache
def _sandbox(origin: str) -> Sandbox:
    return shared_key_app(origin=origin)


def clean_sandbox(origin: str) -> Sandbox:
    """One sandbox for all tests, as its own keys take a while to make; it forgets everything in between."""
    app = _sandbox(origin)
    app.reset()
    app.clock = Clock(frozen_at=AT)
    return app


def make_client(*, environment: str = "SANDBOX", client_id: str = CLIENT_ID) -> MaskinportenClient:
    return MaskinportenClient.objects.create(
        environment=environment, client_id=client_id, name="Fjordtall", orgnr=VENDOR_ORGNR, scopes=SCOPES
    )


def give_key(client: MaskinportenClient, *, number: int = 0, status: str = "ACTIVE", at: datetime = AT) -> SigningKey:
    kid, pem, jwk = key_pair(number)
    return SigningKey.objects.create(
        client=client,
        kid=kid,
        public_jwk=jwk,
        private_pem=pem,
        status=status,
        created_at=at,
        expires_at=at + timedelta(days=300),
    )


def make_system(client: MaskinportenClient, **fields: Any) -> System:
    texts = {f"{part}_{language}": "Fjordtall" for part in ("name", "description") for language in ("nb", "nn", "en")}
    values: dict[str, Any] = {
        "environment": client.environment,
        "system_id": f"{VENDOR_ORGNR}_fjordtall",
        "rights": [RESOURCE],
        "packages": [PACKAGE],
        "redirect_urls": [RETURN],
    }
    return System.objects.create(client=client, **{**texts, **values, **fields})


def make_profile(system: System, name: str = "Årsoppgjør", **fields: Any) -> AccessProfile:
    purposes = {f"purpose_{language}": "levere oppgaver\nlese svar" for language in ("nb", "nn", "en")}
    return AccessProfile.objects.create(system=system, name=name, **{"rights": [RESOURCE], **purposes, **fields})


class World:
    """`app` is the sandbox; `at` the time on both sides."""

    def __init__(self, client: MaskinportenClient, origin: str) -> None:
        self.at = AT
        self.client = client
        self.app = clean_sandbox(origin)
        self.app.state.settings.allow_loopback_http = True
        self.transport = Recorder(self.app)
        self.http = httpx.Client(transport=Transport(self.app), base_url=origin)
        self.introduce(VENDOR_ORGNR, "Fjordtall")
        self.introduce_client(client)

    def introduce(self, orgnr: str, name: str, **fields: Any) -> None:
        self.control("/control/organisations", {"orgnr": orgnr, "name": name, **fields})

    def introduce_client(self, client: MaskinportenClient, **fields: Any) -> None:
        keys = [key.public_jwk for key in client.keys.exclude(status="RETIRED")]
        body = {"client_id": client.client_id, "orgnr": client.orgnr, "scopes": client.scopes, "jwks": {"keys": keys}}
        self.control("/control/clients", {**body, **fields})

    def control(self, path: str, body: Any = None, *, method: str = "POST") -> Any:
        reply = self.http.request(method, path, json=body if body is not None else {})
        assert reply.is_success, reply.text
        return reply.json() if reply.content else None

    def fault(self, **fault: Any) -> None:
        self.app.faults.order(Fault(**{"service": "authentication", "seconds": 0.0, **fault}))

    def let_pass(self, **time: float) -> None:
        self.at += timedelta(**time)
        self.app.clock.advance(timedelta(**time).total_seconds())

    def send(self, row: Access) -> Access:
        """One task's worth; what Altinn did not do is left for later."""
        self.make_due(row)
        access.send_due(at=self.at)
        return fresh(row)

    def poll(self, row: Access) -> Access:
        self.make_due(row)
        access.poll_due(at=self.at)
        return fresh(row)

    def work(self) -> None:
        """What a woken worker does: whatever is due, now."""
        access.send_due(at=self.at)
        access.poll_due(at=self.at)
        access.watch_due(at=self.at)

    def check(self, row: Access) -> Access:
        self.make_due(row)
        access.check_due(at=self.at)
        return fresh(row)

    def make_due(self, row: Access) -> None:
        lease.make_due(Access.objects.filter(pk=row.pk), at=self.at)

    def is_due(self, row: Access) -> bool:
        """Whether a worker would take the row now."""
        return lease.due(Access.objects.filter(pk=row.pk), at=self.at).exists()

    def is_now(self, moment: datetime | None) -> bool:
        """Whether it is the present, give or take the time that the test itself takes."""
        return moment is not None and abs(moment - self.at) < timedelta(seconds=30)

    def decide(self, row: Access, act: str, **body: Any) -> None:
        self.control(f"/control/requests/{row.altinn_id}/{act}", body)

    def remove(self, row: Access) -> None:
        """The customer takes the access back in Altinn."""
        self.control(f"/control/system-users/{row.altinn_id}", method="DELETE")

    def calls(self, method: str, part: str) -> list[httpx.Request]:
        """Calls the portal made, by method and a part of the address."""
        return [r for r in self.transport.requests if r.method == method and part in r.url.path]


class Recorder(Transport):
    """Notes every request that leaves, also those whose answer never comes."""

    def __init__(self, app: Sandbox) -> None:
        super().__init__(app)
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return super().handle_request(request)


def fresh(row: Any) -> Any:
    """The row as the database has it now."""
    return type(row)._base_manager.get(pk=row.pk)


@pytest.fixture
def client_row(db: None) -> MaskinportenClient:
    client = make_client()
    give_key(client)
    return client


@pytest.fixture
def world(client_row: MaskinportenClient, settings: Any, monkeypatch: pytest.MonkeyPatch) -> World:
    settings.PORTAL_URL = "http://127.0.0.1:8000"
    made = World(client_row, settings.SANDBOX_URL)
    monkeypatch.setattr(http, "TRANSPORT", made.transport)
    monkeypatch.setattr(maskinporten, "clock", made.app.clock.now)
    return made


@pytest.fixture
def system(world: World) -> System:
    """Registered at Altinn and here."""
    from systemusers.services.system_register import register_system

    row = make_system(world.client)
    register_system(system=row, by=BY, at=world.at)
    return row


@pytest.fixture
def profile(system: System) -> AccessProfile:
    return make_profile(system)


@pytest.fixture
def known_customer(world: World, customer: Customer, vendor: Vendor) -> Customer:
    world.introduce(customer.orgnr, customer.name)
    return customer


@pytest.fixture
def asked(known_customer: Customer, profile: AccessProfile, world: World) -> Access:
    """A draft: asked for, not sent."""
    return access.ask_access(customer=known_customer, profile=profile, by=BY, at=world.at)


@pytest.fixture
def sent(asked: Access, world: World) -> Access:
    return world.send(asked)


@pytest.fixture
def approved(sent: Access, world: World) -> Access:
    world.decide(sent, "approve")
    return world.poll(sent)
