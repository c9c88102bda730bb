"""The rig for tests of the imitated Skatteetaten: a sandbox with one customer, its system user, tokens and forms."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import httpx

from portal.sandbox import Sandbox, create_app
from portal.sandbox.clock import Clock
from portal.sandbox.state import Organisation, System, SystemUser
from portal.sandbox.testing import shared_key_app

CUSTOMER = "310629499"
OTHER = "213456784"
VENDOR = "991825827"
SUB_UNIT = "311111116"
SYSTEM_USER = "5a1e0c55-8a50-4c4e-9d3e-3a5dbd4cf2d1"
RF1086 = "/skatteetaten/api/aksjonaerregister/v1"
FEES = "/skatteetaten/innrapporteringfagforeningskontingent/v1"
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SHARES = "skatteetaten:innrapporteringaksjonaerregisteroppgave"
FEES_SCOPE = "skatteetaten:innrapporteringfagforeningskontingent"
RESOURCES = ("aksjonaerregisteroppgave", "fagforeningskontingent", "boligselskap", "boligsameie", "amelding")


def fail_on_bug(response: httpx.Response) -> None:
    assert "X-Sandbox-Bug" not in response.headers, response.request.url


class Rig:
    """A frozen sandbox, an HTTP caller, and one customer with a system user that may use `RESOURCES`."""

    def __init__(self, *, own_keys: bool = False) -> None:
        make = create_app if own_keys else shared_key_app
        self.app: Sandbox = make(clock=Clock(frozen_at=NOW))
        transport = httpx.WSGITransport(app=self.app)
        hooks = {"response": [fail_on_bug]}
        self.http = httpx.Client(transport=transport, base_url=self.app.origin, event_hooks=hooks)
        for orgnr, name in ((CUSTOMER, "Rask Tiger AS"), (OTHER, "Glad Elg AS"), (SUB_UNIT, "Rask Tiger avd. Oslo")):
            self.add_organisation(orgnr, name)
        self.app.state.organisations[SUB_UNIT].main_unit = CUSTOMER
        system = f"{VENDOR}_system"
        self.app.state.systems[system] = System(
            id=system, internal_id="1", orgnr=VENDOR, name={"nb": "Systemet"}, description={"nb": ""}
        )
        self.add_system_user(CUSTOMER, [f"ske-innrapportering-{name}" for name in RESOURCES])

    def add_organisation(self, orgnr: str, name: str) -> None:
        number = len(self.app.state.organisations) + 1
        self.app.state.organisations[orgnr] = Organisation(
            orgnr=orgnr, name=name, party_id=number, party_uuid=str(uuid.UUID(int=number))
        )

    def add_system_user(self, orgnr: str, rights: list[str], *, ident: str = SYSTEM_USER) -> None:
        self.app.state.system_users[ident] = SystemUser(
            id=ident, seq=1, kind="standard", system_id=f"{VENDOR}_system", orgnr=orgnr, external_ref="",
            title="", rights=rights, packages=[], created=NOW,
        )  # fmt: skip

    def token(self, scope: str, *, issuer: str = "maskinporten", **claims: Any) -> str:
        """A token for the customer's system user, signed as Maskinporten would."""
        details = {
            "type": "urn:altinn:systemuser",
            "systemuser_id": [SYSTEM_USER],
            "systemuser_org": {"authority": "iso6523-actorid-upis", "ID": f"0192:{CUSTOMER}"},
            "system_id": f"{VENDOR}_system",
        }
        now = int(self.app.clock.now().timestamp())
        standard = {
            "iss": self.app.issuers()[issuer],
            "scope": scope,
            "consumer": {"authority": "iso6523-actorid-upis", "ID": f"0192:{VENDOR}"},
            "iat": now,
            "exp": now + 120,
            "jti": str(uuid.uuid4()),
            "authorization_details": [details],
        }
        return self.app.signing_keys[issuer].sign({**standard, **claims})

    def headers(self, scope: str = SHARES, *, kind: str = "xml", **changes: str) -> dict[str, str]:
        """The headers of a correct call; `changes` replace some, an empty one removes it."""
        standard = {
            "Authorization": f"Bearer {self.token(scope)}",
            "Accept": "application/json",
            "Content-Type": f"application/{kind}",
            "idempotencyKey": str(uuid.uuid4()),
        }
        names = {name.replace("_", "-"): value for name, value in changes.items()}
        return {name: value for name, value in {**standard, **names}.items() if value}

    def main_form(self, text: str | None = None, *, year: str = "2025", **changes: str) -> httpx.Response:
        content = text if text is not None else main_form()
        return self.http.post(f"{RF1086}/{year}/1086H", content=content, headers=self.headers(**changes))

    def sub_form(self, main_id: str, text: str | None = None, **changes: str) -> httpx.Response:
        content = text if text is not None else sub_form()
        return self.http.post(f"{RF1086}/2025/{main_id}/1086U", content=content, headers=self.headers(**changes))

    def confirm(self, main_id: str, count: int | str = 1) -> httpx.Response:
        path = f"{RF1086}/2025/{main_id}/bekreft"
        return self.http.post(path, params={"antall_underskjema": count}, headers=self.headers())

    def report_shares(self, main: str | None = None, parts: list[str] | None = None) -> dict[str, str]:
        """A whole RF-1086; gives the receipt."""
        main_id = self.main_form(main).json()["hovedskjemaId"]
        wanted = parts if parts is not None else [sub_form()]
        for part in wanted:
            assert self.sub_form(main_id, part).status_code == 200
        receipt: dict[str, str] = self.confirm(main_id, len(wanted)).json()
        return receipt

    def report_fees(self, body: Any = None, *, year: str = "2025", **changes: str) -> httpx.Response:
        content = body if body is not None else fees()
        return self.http.post(f"{FEES}/{year}", json=content, headers=self.headers(FEES_SCOPE, kind="json", **changes))

    def let_pass(self, seconds: float) -> None:
        assert self.http.post("/control/clock/advance", json={"seconds": seconds}).status_code == 200

    def received(self, submission_id: str) -> dict[str, Any]:
        """What the control call tells of a submission."""
        result: list[dict[str, Any]] = self.http.get("/control/submissions").json()
        return next(entry for entry in result if entry["id"] == submission_id)

    def feedback(self, submission_id: str) -> dict[str, Any]:
        """The feedback to a submission, once the usual delay has passed."""
        self.let_pass(150)
        result: dict[str, Any] = self.received(submission_id)["feedback"]
        return result

    def document(self, transmission: str, document: str, *, year: str = "2025", scope: str = SHARES) -> httpx.Response:
        path = f"{RF1086}/{year}/forsendelser/{transmission}/dokumenter/{document}"
        return self.http.get(path, headers=self.headers(scope))


def codes(response: httpx.Response) -> tuple[int, str, str]:
    """(status, top code, first detail code or "")."""
    body = response.json()
    return response.status_code, body["kode"], next((s["kode"] for s in body["spesifisering"]), "")


def field(name: str, value: object) -> str:
    return f'<{name} orid="{name.rsplit("-", 1)[1]}">{value}</{name}>'


def group(name: str, *children: str) -> str:
    return f'<{name} gruppeid="{name.rsplit("-", 1)[1]}">{"".join(children)}</{name}>'


def main_form(*, orgnr: str = CUSTOMER, year: str = "2025", shares: int = 100, last_year: int = 100) -> str:
    """A main form of a company with `shares` shares of ten kroner, and none issued or deleted."""
    pairs = (
        ("AksjekapitalFjoraret-datadef-7129", last_year * 10),
        ("Aksjekapital-datadef-87", shares * 10),
        ("AksjekapitalISINAksjetypeFjoraret-datadef-17663", last_year * 10),
        ("AksjekapitalISINAksjetype-datadef-17664", shares * 10),
        ("AksjeMvPalydendeFjoraret-datadef-23944", 10),
        ("AksjeMvPalydende-datadef-23945", 10),
        ("AksjerMvAntallFjoraret-datadef-29166", last_year),
        ("AksjerMvAntall-datadef-29167", shares),
        ("AksjekapitalInnbetaltFjoraret-datadef-8020", last_year * 10),
        ("AksjekapitalInnbetalt-datadef-5867", shares * 10),
    )
    company = group(
        "Selskap-grp-2588",
        field("EnhetOrganisasjonsnummer-datadef-18", orgnr),
        field("AksjeType-datadef-17659", "01"),
        field("Inntektsar-datadef-692", year),
    )
    general = group("GenerellInformasjon-grp-2587", company)
    numbers = group("Selskapsopplysninger-grp-2589", *(field(name, value) for name, value in pairs))
    return f'<Skjema skjemanummer="890" spesifikasjonsnummer="12144">{general}{numbers}</Skjema>'


NAME, COUNTRY = field("AksjonarNavn-datadef-1153", "Kari"), field("AksjonarLandkode-datadef-17740", "NO")


def sub_form(
    *,
    holder: str = "310629499",
    about: str = "",
    shares: int = 100,
    last_year: int = 100,
    share_class: str = "01",
    more: str = "",
) -> str:
    """A sub-form of one shareholder: an organisation, or with an empty `holder` the elements of `about` only."""
    company = group(
        "Selskapsidentifikasjon-grp-3986",
        field("EnhetOrganisasjonsnummer-datadef-18", CUSTOMER),
        field("AksjeType-datadef-17659", share_class),
        field("Inntektsar-datadef-692", "2025"),
    )
    identity = field("AksjonarOrganisasjonsnummer-datadef-7597", holder) if holder else ""
    person = group("NorskUtenlandskAksjonar-grp-3988", identity, about)
    owned = group(
        "AntallAksjerPerAksjonar-grp-3989",
        field("AksjerAntallFjoraret-datadef-29168", last_year),
        field("AksjonarAksjerAntall-datadef-17741", shares),
    )
    return f'<Skjema skjemanummer="923" spesifikasjonsnummer="12232">{company}{person}{owned}{more}</Skjema>'


def fees(**changes: Any) -> dict[str, Any]:
    """A fagforeningskontingent of two members with a correct sum; `changes` replace fields of the leveranse."""
    delivery = {
        "kildesystem": "Systemet",
        "oppgavegiver": {"organisasjonsnummer": CUSTOMER},
        "inntektsaar": 2025,
        "oppgavegiversLeveranseReferanse": "REF-1",
        "leveransetype": "ordinaer",
        "oppgave": [{"betaltKontingent": 30_000}, {"betaltKontingent": 3_000}],
        "oppgaveoppsummering": {"antallOppgaver": 2, "sumBetaltKontingent": 33_000},
    }
    return {"leveranse": {**delivery, **changes}}
