"""The catalogue of access packages and resources: the stored lists, and those that a tester adds (`/control/resources`).

Codes and bokmål names are the real ones; nynorsk and English names are the sandbox's. Which package gives which resource
follows Skatteetaten's pages. `use` of a package: s for standard system users (assignable), a for agents (delegable).
The functions take the state, because a sandbox knows what its tester added. With the setting `knows_every_resource`, every
well-formed resource or package that a request names is known, though no list shows it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from ..state import State
from .records import PREFIX, Package, Resource

LANGUAGES = ("nb", "nn", "en")
RESOURCE_ID = re.compile("[a-z0-9][a-z0-9_-]{3,99}")
CODE = re.compile("[a-z0-9][a-z0-9-]{1,99}")
RESOURCE = "urn:altinn:resource"
REQUESTABLE_TYPES = frozenset(
    {
        "AltinnApp", "Systemresource", "Default", "CorrespondenceService", "BrokerService", "GenericAccessResource",
        "MigratedApp",
    }
)  # fmt: skip
ACCOUNTANT = ("regnskapsforer-med-signeringsrettighet", "regnskapsforer-uten-signeringsrettighet")
AUDITOR = ("ansvarlig-revisor", "revisormedarbeider")
SHARING = {"innrapportering-verdipapirfondshistorikk"}  # a service that has the resource of another one


class _File(msgspec.Struct):
    packages: list[Package]
    resources: list[Resource]
    more_packages: dict[str, str]  # bokmål names by code, for both kinds of system user
    titles: dict[str, dict[str, str]]  # nynorsk and English names of the 31 services with the same routes


_FILE = msgspec.json.decode((Path(__file__).parent / "catalogue.json").read_bytes(), type=_File)
_MORE = [Package(code=c, use="sa", titles=dict.fromkeys(LANGUAGES, name)) for c, name in _FILE.more_packages.items()]
PACKAGES = {package.code: package for package in [*_FILE.packages, *_MORE]}


def packages(state: State) -> dict[str, Package]:
    """Every listed package by code."""
    return {**PACKAGES, **state.packages} if state.packages else PACKAGES


def resources(state: State) -> dict[str, Resource]:
    """Every listed resource by id."""
    return {**stored_resources(), **state.resources} if state.resources else stored_resources()


def resource(state: State, ident: str) -> Resource | None:
    """The resource of an id; None when it is unknown."""
    known = state.resources.get(ident) or stored_resources().get(ident)
    if known is None and state.settings.knows_every_resource and RESOURCE_ID.fullmatch(ident):
        return named_resource(ident)
    return known


def package(state: State, urn: str) -> Package | None:
    """The package of a urn; None when it is unknown."""
    code = urn.removeprefix(PREFIX)
    known = packages(state).get(code) if urn.startswith(PREFIX) else None
    if known is None and state.settings.knows_every_resource and urn.startswith(PREFIX) and CODE.fullmatch(code):
        return Package(code=code, use="sa", titles=dict.fromkeys(LANGUAGES, code))
    return known


def opened_by(state: State, packages: frozenset[str]) -> frozenset[str]:
    """Ids of the resources that a set of package urns gives access to."""
    if not state.resources:
        return _stored_opened_by(packages)
    codes = {urn.removeprefix(PREFIX) for urn in packages}
    return frozenset(r.id for r in resources(state).values() if codes & set(r.packages))


def named_resource(ident: str) -> Resource:
    """A resource of which only the id is known. An app's id is `app_<org>_<app>`."""
    parts = ident.split("_", 2)
    is_app = len(parts) == 3 and parts[0] == "app"
    org = parts[1] if is_app else re.split("[-_]", ident)[0]
    org = "skd" if org == "ske" else org
    return Resource(
        id=ident,
        titles=dict.fromkeys(LANGUAGES, ident),
        kind="AltinnApp" if is_app else "GenericAccessResource",
        org=org,
    )


@lru_cache(maxsize=1)
def stored_resources() -> dict[str, Resource]:
    """Skatteetaten's services, and a few that a request may not name."""
    return {resource.id: resource for resource in [*_reported(), *_FILE.resources]}


def _reported() -> list[Resource]:
    """The 31 reporting services with the same routes."""
    file = Path(__file__).parent.parent / "skatteetaten" / "gld_services.json"
    entries: list[dict[str, Any]] = msgspec.json.decode(file.read_bytes())
    return [
        Resource(
            id=entry["resource"],
            titles={"nb": entry["name"], **_FILE.titles[entry["id"]]},
            packages=tuple(entry["packages"]),
        )
        for entry in entries
        if entry["id"] not in SHARING
    ]


@lru_cache(maxsize=4096)
def _stored_opened_by(packages: frozenset[str]) -> frozenset[str]:
    codes = {urn.removeprefix(PREFIX) for urn in packages}
    return frozenset(r.id for r in stored_resources().values() if codes & set(r.packages))
