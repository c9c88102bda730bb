"""The resource registry, open without a token: resources, and which packages give access to them.

https://docs.altinn.studio/api/resourceregistry/ . Known to differ: every policy has one rule for the action access;
`updated` gives the same time for every subject; MigratedApp and change feeds have no entries.
"""

from __future__ import annotations

from typing import Any

import msgspec
from werkzeug.wrappers import Response

from ..kernel import Call
from ..replies import Reply, as_json, empty
from ..routing import route
from . import catalogue
from .problems import malformed
from .records import Resource

REGISTRY = "/platform/resourceregistry/api/v1/resource"
SUBJECT = "urn:altinn:accesspackage"
ACTION = {"type": "urn:oasis:names:tc:xacml:1.0:action:action-id", "value": "access"}
SINCE = "2026-01-05T00:00:00Z"
OWNERS = {
    "skd": {"organization": "974761076", "orgcode": "skd", "name": {"nb": "Skatteetaten", "nn": "Skatteetaten",
            "en": "The Norwegian Tax Administration"}},
    "digdir": {"organization": "991825827", "orgcode": "digdir", "name": {"nb": "Digitaliseringsdirektoratet",
               "nn": "Digitaliseringsdirektoratet", "en": "Norwegian Digitalisation Agency"}},
}  # fmt: skip


def _owner(org: str) -> dict[str, Any]:
    """The service owner of a code; of others than the two known ones, the code alone."""
    return OWNERS.get(org) or {"organization": "", "orgcode": org, "name": {"nb": org, "nn": org, "en": org}}


def _shown(resource: Resource) -> dict[str, Any]:
    return {
        "identifier": resource.id, "title": resource.titles, "description": resource.titles,
        "rightDescription": resource.titles, "resourceType": resource.kind, "delegable": resource.delegable,
        "status": "Active", "visible": True, "hasCompetentAuthority": _owner(resource.org), "resourceReferences": [],
        "accessListMode": "Disabled",
    }  # fmt: skip


def _known(call: Call, resource_id: str) -> Resource:
    resource = catalogue.resource(call.state, resource_id)
    if resource is None:
        raise Reply(empty(status=404))
    return resource


@route("GET", f"{REGISTRY}/resourcelist")
def resource_list(call: Call) -> Response:
    with_apps = call.request.args.get("includeApps", "true").lower() != "false"
    return as_json([_shown(r) for r in catalogue.resources(call.state).values() if with_apps or r.kind != "AltinnApp"])


@route("GET", f"{REGISTRY}/Search")
@route("GET", f"{REGISTRY}/search")
def search(call: Call) -> Response:
    args = {name.lower(): value.lower() for name, value in call.request.args.items()}
    title, ident = args.get("title", ""), args.get("id", "")
    rows = [r for r in catalogue.resources(call.state).values() if title in r.title.lower() and ident in r.id.lower()]
    return as_json([_shown(resource) for resource in rows])


@route("GET", f"{REGISTRY}/updated")
def updated(call: Call) -> Response:
    rows = [
        {"subjectUrn": f"{SUBJECT}:{code}", "resourceUrn": _urn(resource), "updatedAt": SINCE, "deleted": False}
        for resource in catalogue.resources(call.state).values()
        for code in resource.packages
    ]
    return as_json({"links": {}, "data": rows})


@route("POST", f"{REGISTRY}/bysubjects")
def by_subjects(call: Call) -> Response:
    """The resources that each of the given subjects (urns) gives access to."""
    try:
        wanted = msgspec.json.decode(call.request.get_data(), type=list[str])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return malformed(**{"$": ["The JSON value could not be converted to a list of strings."]})
    rows = [{"subject": _pair(urn), "resources": _resources_of(call, urn)} for urn in dict.fromkeys(wanted)]
    return as_json({"links": {}, "data": [row for row in rows if row["resources"]]})


def _resources_of(call: Call, urn: str) -> list[dict[str, str]]:
    opened = catalogue.opened_by(call.state, frozenset({urn}))
    return [_pair(_urn(r)) for r in catalogue.resources(call.state).values() if r.id in opened]


@route("GET", f"{REGISTRY}/<resource_id>")
def resource(call: Call, resource_id: str) -> Response:
    return as_json(_shown(_known(call, resource_id)))


@route("GET", f"{REGISTRY}/<resource_id>/policy/subjects")
def subjects(call: Call, resource_id: str) -> Response:
    """The packages that give access to the resource."""
    return as_json({"links": {}, "data": _subjects(_known(call, resource_id))})


@route("GET", f"{REGISTRY}/<resource_id>/policy/rights")
def policy_rights(call: Call, resource_id: str) -> Response:
    resource = _known(call, resource_id)
    right = {
        "action": ACTION, "resource": [_resource_attribute(resource)], "subjects": [_plain(s) for s in _subjects(resource)],
        "rightKey": f"{resource.id}:{ACTION['value']}", "subjectTypes": [SUBJECT] if resource.packages else [],
    }  # fmt: skip
    return as_json([right])


@route("GET", f"{REGISTRY}/<resource_id>/policy/rules")
def policy_rules(call: Call, resource_id: str) -> Response:
    resource = _known(call, resource_id)
    rules = [
        {"subject": [_plain(subject)], "action": ACTION, "resource": [_resource_attribute(resource)]}
        for subject in _subjects(resource)
    ]
    return as_json(rules)


def _urn(resource: Resource) -> str:
    return f"{catalogue.RESOURCE}:{resource.id}"


def _pair(urn: str) -> dict[str, str]:
    kind, _, value = urn.rpartition(":")
    return {"type": kind, "value": value, "urn": urn}


def _plain(pair: dict[str, str]) -> dict[str, str]:
    return {"type": pair["type"], "value": pair["value"]}


def _subjects(resource: Resource) -> list[dict[str, str]]:
    return [_pair(f"{SUBJECT}:{code}") for code in resource.packages]


def _resource_attribute(resource: Resource) -> dict[str, str]:
    return {"type": catalogue.RESOURCE, "value": resource.id}
