"""The open catalogues: access packages (Access Management) and resources (resource registry); and authorised parties.

https://docs.altinn.studio/api/accessmanagement/ and https://docs.altinn.studio/api/resourceregistry/
"""

from __future__ import annotations

import uuid
from typing import Any

from werkzeug.wrappers import Response

from ..app import Call
from ..replies import Reply, as_json, empty
from ..routing import route
from ..tokens import BadToken, Token, read_token
from . import catalogue, rights
from .catalogue import Package, Resource

META = "/platform/accessmanagement/api/v1/meta/info/accesspackages"
REGISTRY = "/platform/resourceregistry/api/v1/resource"
NAMESPACE = uuid.UUID("5a0c7c6e-0000-4000-8000-000000000000")
PARTIES_SCOPE = "altinn:accessmanagement/authorizedparties"
AREA = {"name": "Skatt, avgift, regnskap og toll", "urn": "accesspackage:area:skatt_avgift_regnskap_og_toll"}


def _ident(text: str) -> str:
    return str(uuid.uuid5(NAMESPACE, text))


def _package(package: Package) -> dict[str, Any]:
    opened = [r for r in catalogue.resources().values() if package.code in r.packages]
    return {
        "id": _ident(package.urn), "name": package.name, "urn": package.urn, "description": package.name,
        "isDelegable": package.delegable, "isAssignable": package.assignable, "isResourcePolicyAvailable": True,
        "area": {"id": _ident("area"), **AREA}, "type": {"name": "Organisasjon"},
        "resources": [{"refId": r.id, "name": r.title} for r in opened],
    }  # fmt: skip


@route("GET", f"{META}/search")
def search(call: Call) -> Response:
    term = call.request.args.get("term", "").lower()
    found = [p for p in catalogue.PACKAGES.values() if term in p.name.lower() or term in p.code]
    if not found:
        return empty(status=204)
    return as_json([{"object": _package(package), "score": 1.0, "fields": []} for package in found])


@route("GET", f"{META}/export")
def export(call: Call) -> Response:
    areas = [{"id": _ident("area"), **AREA, "packages": [_package(p) for p in catalogue.PACKAGES.values()]}]
    return as_json([{"id": _ident("group"), "name": "Virksomhet", "areas": areas}])


@route("GET", f"{META}/group")
def groups(call: Call) -> Response:
    return as_json([{"id": _ident("group"), "name": "Virksomhet"}])


@route("GET", f"{META}/group/<group_id>/areas")
def areas(call: Call, group_id: str) -> Response:
    return as_json([{"id": _ident("area"), **AREA}]) if group_id == _ident("group") else empty(status=404)


@route("GET", f"{META}/area/<area_id>/packages")
def area_packages(call: Call, area_id: str) -> Response:
    known = area_id == _ident("area")
    return as_json([_package(p) for p in catalogue.PACKAGES.values()]) if known else empty(status=404)


@route("GET", f"{META}/package/urn/<path:urn>")
def by_urn(call: Call, urn: str) -> Response:
    full = urn if urn.startswith("urn:") else f"urn:altinn:{urn}"
    package = catalogue.package(full)
    return as_json(_package(package)) if package else empty(status=404)


@route("GET", f"{META}/package/<package_id>")
def by_id(call: Call, package_id: str) -> Response:
    found = next((p for p in catalogue.PACKAGES.values() if _ident(p.urn) == package_id), None)
    return as_json(_package(found)) if found else empty(status=404)


def _resource(resource: Resource) -> dict[str, Any]:
    title = {"nb": resource.title, "nn": resource.title, "en": resource.title}
    return {
        "identifier": resource.id, "title": title, "description": title, "resourceType": resource.kind,
        "delegable": resource.delegable, "status": "Active", "visible": True,
        "hasCompetentAuthority": {"orgcode": resource.org, "organization": "974761076", "name": {"nb": "Skatteetaten"}},
        "resourceReferences": [], "accessListMode": "Disabled",
    }  # fmt: skip


@route("GET", f"{REGISTRY}/resourcelist")
def resource_list(call: Call) -> Response:
    with_apps = call.request.args.get("includeApps", "true").lower() != "false"
    shown = [r for r in catalogue.resources().values() if with_apps or r.kind != "AltinnApp"]
    return as_json([_resource(r) for r in shown])


@route("GET", f"{REGISTRY}/Search")
def resource_search(call: Call) -> Response:
    wanted = call.request.args.get("Title", "").lower()
    return as_json([_resource(r) for r in catalogue.resources().values() if wanted in r.title.lower()])


@route("GET", f"{REGISTRY}/<resource_id>")
def resource(call: Call, resource_id: str) -> Response:
    found = catalogue.resources().get(resource_id)
    return as_json(_resource(found)) if found else empty(status=404)


@route("GET", f"{REGISTRY}/<resource_id>/policy/subjects")
def subjects(call: Call, resource_id: str) -> Response:
    """The packages whose holders have the resource."""
    found = catalogue.resources().get(resource_id)
    if found is None:
        return empty(status=404)
    rows = [
        {"type": "urn:altinn:accesspackage", "value": code, "urn": catalogue.PREFIX + code} for code in found.packages
    ]
    return as_json({"links": {}, "data": rows})


@route("GET", "/platform/accessmanagement/api/v1/enduser/authorizedparties")
def authorized_parties(call: Call) -> Response:
    """What the system user of an exchanged token may act for."""
    token = _exchanged(call)
    if PARTIES_SCOPE not in token.scopes:
        return empty(status=403)
    user = rights.system_user_of(call.state, token)
    if user is None:
        return as_json({"links": {}, "data": []})
    wants = call.request.args
    packages = (
        [urn.removeprefix(catalogue.PREFIX) for urn in user.packages]
        if wants.get("includeAccessPackages") == "true"
        else []
    )
    held = sorted(rights.resources_of(call.state, user)) if wants.get("includeResources") == "true" else []
    parties = [call.state.organisations.get(orgnr) for orgnr in rights.parties_of(call.state, user)]
    return as_json({"links": {}, "data": [_party(p, packages, held) for p in parties if p]})


def _exchanged(call: Call) -> Token:
    try:
        return read_token(call, issuers=("altinn",))
    except BadToken:
        raise Reply(empty(status=401)) from None


def _party(party: Any, packages: list[str], held: list[str]) -> dict[str, Any]:
    return {
        "partyUuid": party.party_uuid, "name": party.name, "organizationNumber": party.orgnr, "partyId": party.party_id,
        "type": "Organization", "unitType": party.form, "isDeleted": False, "onlyHierarchyElementWithNoAccess": False,
        "authorizedAccessPackages": packages, "authorizedResources": held, "authorizedRoles": [], "subunits": [],
    }  # fmt: skip
