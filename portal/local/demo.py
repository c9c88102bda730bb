"""Demonstration data: a vendor, staff of each role, a client with a new key, forty synthetic customers.

One of them is an accountant, who may add some clients in Altinn. For a laptop only. `seed` writes rows; `introduce` registers
them in the sandbox over its control API.
"""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings
from django.db import transaction

from accounts.models import Charge, Customer, Language, Portfolio, Role, User, Vendor
from accounts.services.portfolios import save_portfolio
from accounts.services.staff import Rights, change_rights, save_user
from accounts.services.vendor import save_vendor
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.env import kept_secret
from portal.core.environments import Environment
from portal.gateways import digdir, maskinporten
from submissions.services import catalogue
from submissions.services.local import switch
from systemusers.models import AccessProfile, Kind, MaskinportenClient, SigningKey, System
from systemusers.services.clients import save_client
from systemusers.services.wanted_scopes import wanted

BY = "task:seed"
VENDOR_ORGNR = "310123455"
VENDOR_NAME = "Fjordtall"
DOMAIN = "fjordtall.example"  # domain of the demonstration staff's e-mail addresses
RIGHTS = [
    "ske-innrapportering-aksjonaerregisteroppgave",
    "ske-innrapportering-boligsameie",
    "ske-innrapportering-boligselskap",
    "ske-innrapportering-amelding",
    "ske-innrapportering-aksjesparekonto",
    "ske-skattekort-til-arbeidsgiver",
    "ske-krav-og-betalinger",
    "ske-kontroll",
    "app_skd_formueinntekt-skattemelding-v2",
]
PURPOSE = {
    "purpose_nb": (
        "levere aksjonærregisteroppgaven\nlevere oppgaver for boligsameier og boligselskaper\n"
        "levere a-meldinger\nlevere oppgaver om aksjesparekonto\nlevere opplysninger Skatteetaten ber om i en kontroll\n"
        "hente skattekort for de ansatte\nhente krav og betalinger\n"
        "gjøre skattemeldingen klar, så dere kan bekrefte den\nlese svarene fra Skatteetaten"
    ),
    "purpose_nn": (
        "levere aksjonærregisteroppgåva\nlevere oppgåver for bustadsameige og bustadselskap\n"
        "levere a-meldingar\nlevere oppgåver om aksjesparekonto\nlevere opplysningar Skatteetaten ber om i ein kontroll\n"
        "hente skattekort for dei tilsette\nhente krav og betalingar\n"
        "gjere skattemeldinga klar, så de kan stadfeste ho\nlese svara frå Skatteetaten"
    ),
    "purpose_en": (
        "file the shareholder register report\nfile reports of housing\n"
        "file the monthly a-melding\nfile reports of share savings accounts\nfile what the Tax Administration asks for in an audit\n"
        "fetch tax deduction cards of the employees\nfetch claims and payments\n"
        "make the tax return ready for you to confirm\nread the replies from the Tax Administration"
    ),
}
"""What a customer reads that the rights are for, a line for each thing."""
TURNED_ON = ("skattekorttilarbeidsgiver", "kravogbetalinger")
FOR_CLIENTS = ["urn:altinn:accesspackage:regnskapsforer-med-signeringsrettighet"]
ACCOUNTANT = "Tall & Tine Regnskap AS"
STAFF = [
    ("ida", "Ida Berg", Role.ADMINISTRATOR),
    ("ola", "Ola Vik", Role.CASE_WORKER),
    ("dina", "Dina Moe", Role.DEVELOPER),
    ("lars", "Lars Holm", Role.READER),
]
JOINED = [("nora", "Nora Lie", Role.CASE_WORKER)]
"""Staff of the lived-in demonstration besides."""
FIRST = [
    "Nordlys", "Vestvik", "Fjellheim", "Havgløtt", "Solbakken", "Lillevann", "Granli", "Storfjord", "Bjørkelund", "Strandhagen",
    "Kvitfjell", "Myrvoll", "Skogheim", "Tindeland", "Sundby", "Åsgard", "Elvebakken", "Høgli", "Brattvåg", "Rognlia",
]  # fmt: skip
SECOND = ["Eiendom", "Bygg", "Invest", "Handel", "Transport", "Holding", "Brygge", "Teknikk"]


def orgnrs(count: int, *, start: int = 310_200_000) -> list[str]:
    """`count` synthetic organisation numbers with valid check digits; deterministic."""
    numbers: list[str] = []
    stem = start // 10
    while len(numbers) < count:
        digits = [int(d) for d in str(stem)]
        rest = 11 - sum(d * w for d, w in zip(digits, (3, 2, 7, 6, 5, 4, 3, 2), strict=True)) % 11
        if rest != 10:
            numbers.append(f"{stem}{rest % 11}")
        stem += 37
    return numbers


def password() -> str:
    """The shared password of the demonstration staff, generated once and stored in SECRETS_DIR."""
    return kept_secret(Path(settings.SECRETS_DIR) / "demo-password", make=lambda: f"fjord-{secrets.token_hex(4)}")


def is_seeded() -> bool:
    return Vendor.objects.exists()


@transaction.atomic
def seed(*, at: datetime) -> None:
    """Data to start with in the sandbox environment. Does nothing when a vendor exists."""
    if is_seeded():
        return
    profile = {"support_email": f"hjelp@{DOMAIN}", "support_phone": "22 12 34 56"}
    save_vendor(fields={"name": VENDOR_NAME, "orgnr": VENDOR_ORGNR, **profile}, by=BY, at=at)
    portfolio = Portfolio(name="Vest")
    save_portfolio(portfolio=portfolio, by=BY, at=at)
    for login, name, role in STAFF:
        add_person(login, name, role, portfolios=[portfolio] if role == Role.CASE_WORKER else [], by=BY, at=at)
    _customers(portfolio)
    for customer in Customer.objects.all():
        record(by=BY, at=at, target=customer, what=AuditType.ADDED, customer_id=customer.pk, orgnr=customer.orgnr)
    for service in map(catalogue.service, TURNED_ON):
        switch(service=service, environment=Environment.SANDBOX, on=True, by=BY, at=at)
    _system(_client(at), at)


CHARGES: dict[str, frozenset[str]] = {
    Role.ADMINISTRATOR: frozenset(Charge.values),
    Role.DEVELOPER: frozenset({Charge.VENDOR.value}),
}


def add_person(login: str, name: str, role: str, *, portfolios: list[Portfolio], by: str, at: datetime) -> None:
    """With the same role in every environment, and the shared password."""
    user = User(email=f"{login}@{DOMAIN}", name=name, is_demonstration=True)
    user.set_password(password())
    save_user(user=user, by=by, at=at)
    more = {"charges": CHARGES.get(role, frozenset()), "portfolios": frozenset(each.pk for each in portfolios)}
    change_rights(user=user, rights=Rights.everywhere(role, **more), by=by, at=at, tell=False)


def _customers(portfolio: Portfolio) -> None:
    names = [f"{FIRST[i % len(FIRST)]} {SECOND[(i + 3 * (i // len(FIRST))) % len(SECOND)]} AS" for i in range(39)]
    names.append(ACCOUNTANT)
    Customer.objects.bulk_create(
        Customer(
            environment=Environment.SANDBOX,
            orgnr=orgnr,
            name=name,
            reference=f"K{1000 + i}",
            portfolio=portfolio if i % 2 else None,
            language=Language.NN if i % 7 == 3 else Language.NB,
            contact_name="",
        )
        for i, (orgnr, name) in enumerate(zip(orgnrs(40), names, strict=True))
    )


def _client(at: datetime) -> MaskinportenClient:
    """It may use every service, and Digdir's self-service API, so that each page can be tried."""
    client = MaskinportenClient(
        environment=Environment.SANDBOX,
        client_id=str(uuid.uuid4()),
        name=VENDOR_NAME,
        orgnr=VENDOR_ORGNR,
        scopes=[*(one.scope for one in wanted(Environment.SANDBOX)), *digdir.SCOPES],
    )
    save_client(client=client, by=BY, at=at)
    kid, private_pem, public_jwk = maskinporten.generate_key()
    key = SigningKey.objects.create(
        client=client,
        kid=kid,
        private_pem=private_pem,
        public_jwk=public_jwk,
        status=SigningKey.Status.ACTIVE,
        created_at=at,
        expires_at=at + timedelta(days=365),
    )
    record(by=BY, at=at, target=key, what=AuditType.KEY_MADE, environment=client.environment, kid=kid)
    return client


def _system(client: MaskinportenClient, at: datetime) -> None:
    """A draft of the system and one profile; registering it is the user's first step."""
    system = System.objects.create(
        environment=Environment.SANDBOX,
        client=client,
        client_ids=[client.client_id],
        system_id=f"{VENDOR_ORGNR}_fjordtall",
        name_nb="Fjordtall",
        name_nn="Fjordtall",
        name_en="Fjordtall",
        description_nb="Leverer oppgaver til Skatteetaten for kundene våre.",
        description_nn="Leverer oppgåver til Skatteetaten for kundane våre.",
        description_en="Files reports to the Norwegian Tax Administration for our customers.",
        rights=RIGHTS,
        packages=FOR_CLIENTS,
        redirect_urls=[f"{settings.PORTAL_URL}/return"],
    )
    profile = AccessProfile.objects.create(
        system=system,
        name="Årsoppgjør",
        rights=RIGHTS,
        **PURPOSE,
    )
    for_clients = AccessProfile.objects.create(
        system=system,
        name="For klienter",
        kind=Kind.AGENT,
        packages=FOR_CLIENTS,
        purpose_nb="levere oppgaver for klientene deres\nlese svarene fra Skatteetaten",
        purpose_nn="levere oppgåver for klientane dykkar\nlese svara frå Skatteetaten",
        purpose_en="file reports for your clients\nread the replies from the Tax Administration",
    )
    record(by=BY, at=at, target=system, what=AuditType.ADDED, system_id=system.system_id)
    for made in (profile, for_clients):
        given = {"rights": made.rights, "packages": made.packages}
        record(by=BY, at=at, target=made, what=AuditType.ADDED, environment=system.environment, **given)


def introduce(*, url: str) -> None:
    """Register our clients and all organisations in the sandbox. Safe to repeat. Raises httpx.HTTPError."""
    with httpx.Client(base_url=url, timeout=20) as http:
        introduce_to(http)


def introduce_to(http: httpx.Client) -> None:
    """The same over a connection to the sandbox."""
    vendor = Vendor.objects.get()
    _post(http, "/control/organisations", {"orgnr": vendor.orgnr, "name": vendor.name})
    for client in MaskinportenClient.objects.filter(environment=Environment.SANDBOX):
        keys = [key.public_jwk for key in client.keys.exclude(status=SigningKey.Status.RETIRED)]
        body = {"client_id": client.client_id, "orgnr": client.orgnr, "scopes": client.scopes, "jwks": {"keys": keys}}
        _post(http, "/control/clients", body)
    for customer in Customer.objects.filter(environment=Environment.SANDBOX):
        director = {"name": "Kari Nordmann", "roles": ["DAGL"]}
        body = {"orgnr": customer.orgnr, "name": customer.name, "persons": [director]}
        _post(http, "/control/organisations", body)
    for orgnr, name in clients_of_accountant():
        _post(http, "/control/organisations", {"orgnr": orgnr, "name": name, "accountant": orgnrs(40)[-1]})


def clients_of_accountant() -> list[tuple[str, str]]:
    """Twelve organisations that are no customers, and that the accountant may add as clients: number and name."""
    places = ["Kroken", "Lyngstad", "Molo", "Vårdalen", "Østgård", "Årdalsvik"]
    names = [f"{place} {kind} AS" for kind in ("Elektro", "Sjømat") for place in places]
    return list(zip(orgnrs(12, start=314_000_000), names, strict=True))


def _post(http: httpx.Client, path: str, body: dict[str, Any]) -> None:
    http.post(path, json=body).raise_for_status()
