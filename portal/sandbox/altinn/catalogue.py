"""A small catalogue of access packages and resources, with every combination that a vendor can meet.

Codes and bokmål names are the real ones; nynorsk and English names are the sandbox's. Which package gives which resource
follows Skatteetaten's pages. `use` of a package: s for standard system users (assignable), a for agents (delegable).
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

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
    use: str
    titles: dict[str, str]

    @property
    def urn(self) -> str:
        return PREFIX + self.code

    @property
    def name(self) -> str:
        return self.titles["nb"]

    @property
    def assignable(self) -> bool:
        return "s" in self.use

    @property
    def delegable(self) -> bool:
        return "a" in self.use


class Resource(msgspec.Struct, kw_only=True, frozen=True):
    id: str
    titles: dict[str, str]
    kind: str = "GenericAccessResource"
    delegable: bool = True
    org: str = "skd"
    packages: tuple[str, ...] = ()
    allows_subscribe: bool = True
    minimum_level: int = 3

    @property
    def title(self) -> str:
        return self.titles["nb"]


class _File(msgspec.Struct):
    packages: list[Package]
    resources: list[Resource]
    titles: dict[str, dict[str, str]]  # nynorsk and English names of the 31 services with the same routes


_FILE = msgspec.json.decode((Path(__file__).parent / "catalogue.json").read_bytes(), type=_File)
PACKAGES = {package.code: package for package in _FILE.packages}


@lru_cache(maxsize=1)
def resources() -> dict[str, Resource]:
    """Every resource by id: Skatteetaten's services, and a few that a request may not name."""
    return {resource.id: resource for resource in [*_reported(), *_FILE.resources]}


def _reported() -> list[Resource]:
    """The 31 reporting services with the same routes. Where no source names the resource, the id begins with sandbox-."""
    file = Path(__file__).parent.parent / "skatteetaten" / "gld_services.json"
    entries: list[dict[str, Any]] = msgspec.json.decode(file.read_bytes())
    return [
        Resource(
            id=entry["resource"] or f"sandbox-{entry['id']}",
            titles={"nb": entry["name"], **_FILE.titles[entry["id"]]},
            packages=tuple(entry["packages"] or PK5),
        )
        for entry in entries
    ]


@lru_cache(maxsize=4096)
def opened_by(packages: frozenset[str]) -> frozenset[str]:
    """Ids of the resources that a set of package urns gives access to."""
    codes = {urn.removeprefix(PREFIX) for urn in packages}
    return frozenset(r.id for r in resources().values() if codes & set(r.packages))


def package(urn: str) -> Package | None:
    return PACKAGES.get(urn.removeprefix(PREFIX)) if urn.startswith(PREFIX) else None
