"""The open catalogue of access packages, in the language of Accept-Language; and authorised parties.

https://docs.altinn.studio/api/accessmanagement/ . Known to differ: one group and one area hold all packages; ids are
derived from the codes; partyFilter, roles, instances and sub-units of authorised parties are left out.
"""

from __future__ import annotations

import uuid
from typing import Any

from werkzeug.wrappers import Response

from ..kernel import Call
from ..replies import as_json, empty
from ..routing import route
from ..state import State, SystemUser
from . import authorisation, catalogue, rights
from .records import PREFIX, Package

META = "/platform/accessmanagement/api/v1/meta/info/accesspackages"
NAMESPACE = uuid.UUID("5a0c7c6e-0000-4000-8000-000000000000")
PARTIES_SCOPE = "altinn:accessmanagement/authorizedparties"
KIND = "Organisasjon"
SHOWN_WHEN = {"authorizedAccessPackages": "includeAccessPackages", "authorizedResources": "includeResources"}
AREA = {
    "nb": "Skatt, avgift, regnskap og toll", "nn": "Skatt, avgift, rekneskap og toll",
    "en": "Tax, duties, accounting and customs",
}  # fmt: skip
GROUP = {"nb": "Allment", "nn": "Allment", "en": "General"}


def _ident(text: str) -> str:
    return str(uuid.uuid5(NAMESPACE, text))


AREA_ID, GROUP_ID = _ident("area"), _ident("group")


def language_of(call: Call) -> str:
    best = call.request.accept_languages.best_match(["nb", "no", "nn", "en"], "nb")
    return "nb" if best in (None, "no") else str(best)


def _area(language: str) -> dict[str, Any]:
    name = AREA[language]
    return {"id": AREA_ID, "name": name, "urn": "accesspackage:area:skatt_avgift_regnskap_og_toll", "description": name}


def _package(state: State, package: Package, language: str) -> dict[str, Any]:
    name = package.titles[language]
    return {
        "id": _ident(package.urn), "name": name, "urn": package.urn, "description": name,
        "isDelegable": package.delegable, "isAssignable": package.assignable, "isResourcePolicyAvailable": True,
        "area": _area(language), "type": {"id": _ident("type"), "name": KIND}, "resources": _opened(state, package, language),
    }  # fmt: skip


def _opened(state: State, package: Package, language: str) -> list[dict[str, Any]]:
    opened = [r for r in catalogue.resources(state).values() if package.code in r.packages]
    return [{"refId": r.id, "name": r.titles[language], "provider": {"code": r.org}} for r in opened]


def _packages(state: State, language: str) -> list[dict[str, Any]]:
    return [_package(state, package, language) for package in catalogue.packages(state).values()]


@route("GET", f"{META}/search")
def search(call: Call) -> Response:
    """Search a term in names and codes, and with searchInResources in the names of resources. No result is 204."""
    args, language = call.request.args, language_of(call)
    term, provider, kind = args.get("term", "").lower(), args.get("resourceProviderCode", ""), args.get("typeName", "")
    with_resources = args.get("searchInResources", "").lower() == "true"
    packages = [
        package
        for package in catalogue.packages(call.state).values()
        if term in _searched(call.state, package, language, with_resources)
        and provider in ("", *(r["provider"]["code"] for r in _opened(call.state, package, language)))
    ]
    if not packages or kind.lower() not in ("", KIND.lower()):
        return empty(status=204)
    return as_json(
        [{"object": _package(call.state, package, language), "score": 1.0, "fields": []} for package in packages]
    )


def _searched(state: State, package: Package, language: str, with_resources: bool) -> str:
    opened = [resource["name"] for resource in _opened(state, package, language)] if with_resources else []
    return "\n".join([package.titles[language], package.code, *opened]).lower()


@route("GET", f"{META}/export")
def export(call: Call) -> Response:
    language = language_of(call)
    areas = [{**_area(language), "packages": _packages(call.state, language)}]
    return as_json([{"id": GROUP_ID, "name": GROUP[language], "type": KIND, "areas": areas}])


@route("GET", f"{META}/group")
def groups(call: Call) -> Response:
    return as_json([{"id": GROUP_ID, "name": GROUP[language_of(call)], "type": KIND}])


@route("GET", f"{META}/group/<group_id>")
def group(call: Call, group_id: str) -> Response:
    known = {"id": GROUP_ID, "name": GROUP[language_of(call)], "type": KIND}
    return as_json(known) if group_id == GROUP_ID else empty(status=404)


@route("GET", f"{META}/group/<group_id>/areas")
def areas(call: Call, group_id: str) -> Response:
    return as_json([_area(language_of(call))]) if group_id == GROUP_ID else empty(status=404)


@route("GET", f"{META}/area/<area_id>")
def area(call: Call, area_id: str) -> Response:
    return as_json(_area(language_of(call))) if area_id == AREA_ID else empty(status=404)


@route("GET", f"{META}/area/<area_id>/packages")
def area_packages(call: Call, area_id: str) -> Response:
    return as_json(_packages(call.state, language_of(call))) if area_id == AREA_ID else empty(status=404)


@route("GET", f"{META}/package/urn/<path:urn>")
def by_urn(call: Call, urn: str) -> Response:
    """The whole urn, or its last part."""
    package = catalogue.package(call.state, urn if urn.startswith("urn:") else PREFIX + urn)
    return as_json(_package(call.state, package, language_of(call))) if package else empty(status=404)


@route("GET", f"{META}/package/<package_id>")
def by_id(call: Call, package_id: str) -> Response:
    package = _with_id(call.state, package_id)
    return as_json(_package(call.state, package, language_of(call))) if package else empty(status=404)


@route("GET", f"{META}/package/<package_id>/resources")
def package_resources(call: Call, package_id: str) -> Response:
    package = _with_id(call.state, package_id)
    return as_json(_opened(call.state, package, language_of(call))) if package else empty(status=404)


def _with_id(state: State, package_id: str) -> Package | None:
    return next((p for p in catalogue.packages(state).values() if _ident(p.urn) == package_id.lower()), None)


@route("GET", "/platform/accessmanagement/api/v1/enduser/authorizedparties")
def authorized_parties(call: Call) -> Response:
    """The organisations that the system user of an exchanged token may act for."""
    token = authorisation.authenticated(call, issuers=("altinn",))
    if PARTIES_SCOPE not in token.scopes:
        return empty(status=403)
    user = rights.system_user_of(call.state, token)
    if user is None:
        return as_json({"links": {}, "data": []})
    args, parties = call.request.args, (call.state.organisations.get(n) for n in rights.parties_of(call.state, user))
    known = [_party(party, *_held(call, user, party.orgnr)) for party in parties if party]
    wanted = args.getlist("anyOfResourceIds")
    rows = [row for row in known if not wanted or not set(wanted).isdisjoint(row["authorizedResources"])]
    for name, flag in SHOWN_WHEN.items():
        for row in rows:
            row[name] = row[name] if _is_on(args.get(flag)) else []
    return as_json({"links": {}, "data": rows})


def _held(call: Call, user: SystemUser, orgnr: str) -> tuple[list[str], list[str]]:
    """Codes of the packages and ids of the resources that it has for the party."""
    codes = [urn.removeprefix(PREFIX) for urn in rights.packages_for(user, orgnr)]
    return codes, sorted(rights.resources_of(call.state, user, now=call.now, party=orgnr))


def _is_on(given: str | None) -> bool:
    return (given or "").lower() == "true"


def _party(party: Any, packages: list[str], held: list[str]) -> dict[str, Any]:
    return {
        "partyUuid": party.party_uuid, "name": party.name, "organizationNumber": party.orgnr, "partyId": party.party_id,
        "type": "Organization", "unitType": party.form, "isDeleted": False, "onlyHierarchyElementWithNoAccess": False,
        "authorizedAccessPackages": packages, "authorizedResources": held, "authorizedRoles": [], "subunits": [],
    }  # fmt: skip
