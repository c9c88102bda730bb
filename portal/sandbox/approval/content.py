"""A request as text for the approval pages: the system, its vendor, the customer, and the rights asked for."""

from __future__ import annotations

from typing import Any

from ..altinn import catalogue, parsing
from ..state import ChangeRequest, Organisation, Person, Request, State, System
from .texts import ROLES, TEXTS

NO_BREAK = "\u00a0"
TITLES = {"standard": "title", "agent": "agent_title", "change": "change_title"}


def title_of(kind: str, system: System, vendor: Organisation | None, language: str) -> str:
    return TEXTS[language][TITLES[kind]].format(vendor=vendor.name if vendor else system.orgnr)


def about(system: System, vendor: Organisation | None, customer: Organisation, language: str) -> list[tuple[str, str]]:
    """(label, text): the system, its vendor, and the customer."""
    texts = TEXTS[language]
    name = system.name.get(language) or system.name.get("nb", system.id)
    return [
        (texts["system"], name),
        (texts["vendor"], _named(vendor.name if vendor else "", system.orgnr, texts)),
        (texts["customer"], _named(customer.name, customer.orgnr, texts)),
    ]


def _named(name: str, orgnr: str, texts: dict[str, str]) -> str:
    number = f"{texts['orgnr']} {orgnr[:3]} {orgnr[3:6]} {orgnr[6:]}".replace(" ", NO_BREAK)
    return f"{name}, {number}" if name else number


def roles_of(person: Person, language: str) -> str:
    names = [ROLES.get(role, {}).get(language, role) for role in person.roles]
    return ", ".join(names) or TEXTS[language]["no_role"]


def powers(state: State, request: Request | ChangeRequest, language: str) -> dict[str, list[dict[str, Any]]]:
    """`powers` asked for and `removed` ones: groups of {heading, rows: [(name, resources of a package)]}."""
    if isinstance(request, ChangeRequest):
        return {
            "powers": _groups(state, request.required_rights, request.required_packages, language),
            "removed": _groups(state, request.unwanted_rights, request.unwanted_packages, language),
        }
    return {"powers": _groups(state, request.rights, request.packages, language), "removed": []}


def _groups(state: State, rights: list[dict[str, Any]], packages: list[str], language: str) -> list[dict[str, Any]]:
    texts = TEXTS[language]
    services: list[tuple[str, list[str]]] = [(_service(state, r, language), []) for r in parsing.resource_ids(rights)]
    bundles = [_package(state, urn, language) for urn in packages]
    groups = [{"heading": texts["services"], "rows": services}, {"heading": texts["packages"], "rows": bundles}]
    return [group for group in groups if group["rows"]]


def _service(state: State, resource_id: str, language: str) -> str:
    resource = catalogue.resource(state, resource_id)
    return resource.titles[language] if resource else resource_id


def _package(state: State, urn: str, language: str) -> tuple[str, list[str]]:
    package, opened = catalogue.package(state, urn), sorted(catalogue.opened_by(state, frozenset({urn})))
    return package.titles[language] if package else urn, sorted(
        _service(state, resource, language) for resource in opened
    )
