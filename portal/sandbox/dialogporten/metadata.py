"""Limits, parties, service resources and the look-up of a dialog by another id."""

from __future__ import annotations

import re
from typing import Any

from werkzeug.wrappers import Response

from ..altinn import catalogue
from ..altinn.records import PREFIX, Resource
from ..kernel import Call
from ..replies import as_json
from ..routing import route
from ..state import State
from . import access, views
from .records import PARTY

_REF = re.compile(r"urn:altinn:(instance-id:\d+/[0-9a-f-]{36}|correspondence-id:[0-9a-f-]{36}|dialog-id:[0-9a-f-]{36})")
MOST_PARTIES = 100
OWNER = {"orgNumber": "974761076", "code": "ske", "name": [{"value": "Skatteetaten", "languageCode": "nb"}]}


@route("GET", f"{access.BASE}/metadata/limits")
def limits(call: Call) -> Response:
    access.json_only(call)
    settings = call.state.settings
    common = {
        "maxPartyFilterValues": settings.max_party_filter_values,
        "maxServiceResourceFilterValues": settings.max_service_resource_filter_values,
        "maxExtendedStatusFilterValues": 20,
    }
    return as_json(
        {
            "endUserSearch": {**common, "maxOrgFilterValues": 20},
            "serviceOwnerSearch": {**common, "maxPartyFilterValues": 20},
        }
    )


@route("GET", f"{access.USER}/parties")
def parties(call: Call) -> Response:
    access.json_only(call)
    reader = access.reader(call)
    known = call.state.organisations
    rows = [_party(known[orgnr], reader) for orgnr in sorted(reader.parties) if orgnr in known]
    return as_json({"authorizedParties": rows})


def _party(organisation: Any, reader: access.Reader) -> dict[str, Any]:
    return {
        "party": PARTY + organisation.orgnr, "partyUuid": organisation.party_uuid, "partyId": organisation.party_id,
        "name": organisation.name,
        "partyType": "Organization", "isDeleted": False, "hasKeyRole": False, "isCurrentEndUser": False,
        "isMainAdministrator": False, "isAccessManager": False, "hasOnlyAccessToSubParties": False, "subParties": [],
    }  # fmt: skip


def _resource(resource: Resource) -> dict[str, Any]:
    return {
        "id": resource.id, "resourceType": resource.kind.lower(), "status": "Active", "isDelegable": resource.delegable,
        "minimumAuthenticationLevel": resource.minimum_level, "name": views.localised(resource.titles), "links": {},
    }  # fmt: skip


@route("GET", f"{access.USER}/serviceresources")
def own_resources(call: Call) -> Response:
    """The caller's resources for one of the given parties, or for any. Parties that are not its own are ignored."""
    reader, parties = access.reader(call), call.request.args.getlist("party")
    if len(parties) > MOST_PARTIES:
        raise access.refuse(call, 400, "party.Count", f"'party' must have at most {MOST_PARTIES} values.")
    has_any = not parties or any(party.removeprefix(PARTY) in reader.parties for party in parties)
    held = [r for r in catalogue.resources(call.state).values() if has_any and r.id in reader.resources]
    return as_json({"isFullCatalogueFallback": False, "items": [_listed(call.state, r) for r in held]})


def _listed(state: State, resource: Resource) -> dict[str, Any]:
    packages = [catalogue.packages(state)[code] for code in resource.packages]
    opened_by = [{"urn": package.urn, "name": views.localised(package.titles)} for package in packages]
    return {"serviceResource": _resource(resource), "roles": [], "accessPackages": opened_by, "serviceOwner": OWNER}


@route("GET", f"{access.BASE}/metadata/serviceresources")
def all_resources(call: Call) -> Response:
    access.json_only(call)
    return as_json({"items": [_listed(call.state, r) for r in catalogue.resources(call.state).values()]})


@route("GET", f"{access.USER}/dialoglookup")
def lookup(call: Call) -> Response:
    """From another id to the dialog, with the reason for the access. It does not mark as seen."""
    reader = access.reader(call)
    reference = call.request.args.get("instanceRef", "").lower()
    if not _REF.fullmatch(reference):
        raise access.refuse(call, 400, "instanceRef", "The reference is not valid.")
    dialog_id = reference.removeprefix("urn:altinn:dialog-id:")
    dialog = call.state.dialogs.get(call.state.dialog_keys.get(reference, dialog_id))
    if dialog is None or dialog.deleted:
        raise access.refuse(call, 404, "DialogEntity", "No dialog has this reference.")
    if not reader.may_read(dialog):
        raise access.refuse(call, 403, "Forbidden", "No access to the dialog.")
    ident = dialog.resource.removeprefix("urn:altinn:resource:")
    resource = catalogue.resource(call.state, ident) or catalogue.named_resource(ident)
    return as_json(_looked_up(dialog, reference, resource, reader))


def _looked_up(dialog: Any, reference: str, resource: Resource, reader: access.Reader) -> dict[str, Any]:
    """A removed system user may still have cached rights. Then the list of evidence is empty."""
    direct = reader.user is not None and resource.id in reader.user.rights
    held = reader.user.packages if reader.user else []
    packages = [urn for urn in held if urn.removeprefix(PREFIX) in resource.packages]
    evidence = (
        [{"grantType": "ResourceDelegation", "subject": f"urn:altinn:resource:{resource.id}", "name": []}]
        if direct
        else []
    )
    evidence += [{"grantType": "AccessPackage", "subject": urn, "name": []} for urn in packages]
    return {
        "dialogId": dialog.id, "instanceRef": reference, "party": dialog.party,
        "serviceResource": {
            "id": dialog.resource, "isDelegable": resource.delegable, "minimumAuthenticationLevel": resource.minimum_level,
            "name": [{"value": resource.title, "languageCode": "nb"}],
        },
        "serviceOwner": OWNER, "title": views.localised(dialog.title),
        "authorizationEvidence": {
            "currentAuthenticationLevel": access.LEVEL, "viaRole": False, "viaAccessPackage": bool(packages),
            "viaResourceDelegation": direct, "viaInstanceDelegation": False, "evidence": evidence,
        },
    }  # fmt: skip
