"""A small catalogue of access packages and resources, with every combination a vendor can meet.

Codes and names are the real ones; which package opens which resource follows Skatteetaten's pages.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import msgspec

PREFIX = "urn:altinn:accesspackage:"
RESOURCE = "urn:altinn:resource"
REQUESTABLE_TYPES = frozenset(
    {
        "AltinnApp", "Systemresource", "Default", "CorrespondenceService", "BrokerService", "GenericAccessResource",
        "MigratedApp",
    }
)  # fmt: skip
ACCOUNTANT = ("regnskapsforer-med-signeringsrettighet", "regnskapsforer-uten-signeringsrettighet")
AUDITOR = ("ansvarlig-revisor", "revisormedarbeider")
PK5 = (*ACCOUNTANT, *AUDITOR, "skattegrunnlag")


class Package(msgspec.Struct, kw_only=True, frozen=True):
    code: str
    name: str
    assignable: bool
    delegable: bool

    @property
    def urn(self) -> str:
        return PREFIX + self.code


class Resource(msgspec.Struct, kw_only=True, frozen=True):
    id: str
    title: str
    kind: str = "GenericAccessResource"
    delegable: bool = True
    org: str = "skd"
    packages: tuple[str, ...] = ()
    allows_subscribe: bool = True
    minimum_level: int = 3


def _package(code: str, name: str, use: str) -> Package:
    return Package(code=code, name=name, assignable="s" in use, delegable="a" in use)


PACKAGES = {
    package.code: package
    for package in (
        _package("skattegrunnlag", "Skattegrunnlag", "sa"),
        _package("skatt-naering", "Skatt næring", "sa"),
        _package("a-ordning", "A-ordningen", "sa"),
        _package("lonn", "Lønn", "sa"),
        _package("merverdiavgift", "Merverdiavgift", "sa"),
        _package("krav-og-utlegg", "Krav og utlegg", "sa"),
        _package("regnskap-okonomi-rapport", "Regnskap og økonomirapportering", "sa"),
        _package("regnskapsforer-med-signeringsrettighet", "Regnskapsfører med signeringsrettighet", "a"),
        _package("regnskapsforer-uten-signeringsrettighet", "Regnskapsfører uten signeringsrettighet", "a"),
        _package("regnskapsforer-lonn", "Regnskapsfører lønn", "a"),
        _package("ansvarlig-revisor", "Ansvarlig revisor", "a"),
        _package("revisormedarbeider", "Revisormedarbeider", "a"),
        _package("forretningsforer-eiendom", "Forretningsfører eiendom", "a"),
        _package("tilgangsstyrer", "Tilgangsstyrer", "s"),
        _package("hovedadministrator", "Hovedadministrator", "s"),
        _package("klientadministrator", "Klientadministrator", "s"),
        _package("maskinporten-administrator", "Maskinporten administrator", "s"),
        _package("eksplisitt", "Eksplisitt", ""),
    )
}


@lru_cache(maxsize=1)
def resources() -> dict[str, Resource]:
    """Every resource by id: Skatteetaten's services, and a few that may not be asked for."""
    known = [
        Resource(id="ske-innrapportering-aksjonaerregisteroppgave", title="Aksjonærregisteroppgaven", packages=PK5),
        Resource(
            id="ske-innrapportering-amelding",
            title="A-meldingen",
            packages=(*ACCOUNTANT, *AUDITOR, "regnskapsforer-lonn", "a-ordning"),
        ),
        Resource(id="ske-krav-og-betalinger", title="Krav og betalinger", packages=("krav-og-utlegg",)),
        Resource(id="ske-kontroll", title="Innrapportering kontrollopplysninger", packages=PK5),
        Resource(id="ske-innrapportering-oppdragsregisteret", title="Oppdragsregisteret", packages=PK5),
        Resource(id="ske-skattekort-til-arbeidsgiver", title="Skattekort til arbeidsgiver", packages=("lonn",)),
        Resource(id="ske-utleggsbegjaering", title="Utleggsbegjæring", allows_subscribe=False),
        Resource(
            id="app_skd_formueinntekt-skattemelding-v2",
            title="Skattemelding",
            kind="AltinnApp",
            packages=("skatt-naering",),
        ),
        Resource(id="skd-skjermet", title="Skjermet tjeneste", minimum_level=4, packages=PK5),
        Resource(id="skd-ikke-delegerbar", title="Ikke delegerbar tjeneste", delegable=False),
        Resource(id="digdir-samtykke", title="Samtykke", kind="Consent", org="digdir"),
        Resource(id="digdir-maskinportenskjema", title="Maskinporten-skjema", kind="MaskinportenSchema", org="digdir"),
    ]
    return {resource.id: resource for resource in [*_reported(), *known]}


def _reported() -> list[Resource]:
    """The 31 services of one shape. Where no source names the resource, an id nobody can take for the real one."""
    file = Path(__file__).parent.parent / "skatteetaten" / "gld_services.json"
    found: list[Resource] = []
    for entry in json.loads(file.read_text(encoding="utf-8")):
        resource_id = entry["resource"] or f"sandbox-{entry['id']}"
        found.append(Resource(id=resource_id, title=entry["name"], packages=tuple(entry["packages"] or PK5)))
    return found


@lru_cache(maxsize=4096)
def opened_by(packages: frozenset[str]) -> frozenset[str]:
    """Ids of the resources that a set of package urns opens."""
    codes = {urn.removeprefix(PREFIX) for urn in packages}
    return frozenset(r.id for r in resources().values() if codes & set(r.packages))


def package(urn: str) -> Package | None:
    return PACKAGES.get(urn.removeprefix(PREFIX)) if urn.startswith(PREFIX) else None
