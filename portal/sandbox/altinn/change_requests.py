"""Change requests: add rights to a standard system user or remove some. The correlation id is the request's id.

https://docs.altinn.studio/nb/authorization/guides/system-vendor/system-user/changerequest/
"""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from ..kernel import Call
from ..replies import as_json, as_text, empty
from ..routing import route
from ..state import ChangeRequest, SystemUser
from . import authorisation, parsing
from .problems import problem, refuse
from .requests import check_packages, check_redirect, check_rights, confirm_url, is_timed_out, page

BASE = f"{authorisation.AUTH}/systemuser/changerequest/vendor"
NO_GUID = "00000000-0000-0000-0000-000000000000"


@route("POST", BASE)
def create(call: Call) -> Response:
    orgnr = authorisation.vendor(call, authorisation.REQUEST_WRITE)
    ident, user_id = _query_guid(call, "correlation-id"), _query_guid(call, "system-user-id")
    payload = parsing.members(call)
    if not ident or ident == user_id:
        return as_text("The correlation-id must be a new UUID.", status=400)
    user = call.state.system_users.get(user_id)
    if user is None or user.deleted or user.kind == "agent":
        raise refuse("AUTH-00015")
    system = call.state.systems[user.system_id]
    if system.orgnr != orgnr:
        return empty(status=401)
    change = _read(call, ident, user, payload)
    if not (change.required_rights or change.unwanted_rights or change.required_packages or change.unwanted_packages):
        change.status = "NoChangeNeeded"
        return as_json({**_shown(call, change), "confirmUrl": ""})
    stored = call.state.change_requests.get(ident)
    if stored:
        return as_json(_shown(call, stored))
    check_rights(system, change.required_rights)
    check_packages(call.state, system, change.required_packages, "standard")
    check_redirect(system, change.redirect_url)
    call.state.change_requests[ident] = change
    return as_json(_shown(call, change), status=201)


def _query_guid(call: Call, name: str) -> str:
    """A GUID in the query, "" when it is missing or all zeros. Raises Reply (400)."""
    given = call.request.args.get(name, "")
    return parsing.guid(given, name).replace(NO_GUID, "") if given else ""


def _read(call: Call, ident: str, user: SystemUser, payload: dict[str, Any]) -> ChangeRequest:
    return ChangeRequest(
        id=ident, system_user_id=user.id, system_id=user.system_id, orgnr=user.orgnr, external_ref=user.external_ref,
        required_rights=parsing.rights(payload.get("requiredrights", []), "requiredRights"),
        unwanted_rights=parsing.rights(payload.get("unwantedrights", []), "unwantedRights"),
        required_packages=parsing.urns(payload, "requiredAccessPackages"),
        unwanted_packages=parsing.urns(payload, "unwantedAccessPackages"),
        redirect_url=parsing.text(payload, "redirectUrl"), status="New", created=call.now,
    )  # fmt: skip


def _shown(call: Call, change: ChangeRequest, *, with_packages: bool = True, with_url: bool = True) -> dict[str, Any]:
    def urns(packages: list[str]) -> list[dict[str, str]]:
        return [{"urn": urn} for urn in packages] if with_packages else []

    shown: dict[str, Any] = {
        "id": change.id, "externalRef": change.external_ref, "systemId": change.system_id,
        "systemUserId": change.system_user_id, "partyOrgNo": change.orgnr, "requiredRights": change.required_rights,
        "unwantedRights": change.unwanted_rights, "requiredAccessPackages": urns(change.required_packages),
        "unwantedAccessPackages": urns(change.unwanted_packages), "status": change.status,
        "created": change.created, "timedOut": is_timed_out(change, call),
    }  # fmt: skip
    if change.redirect_url:
        shown["redirectUrl"] = change.redirect_url
    if with_url:
        shown["confirmUrl"] = confirm_url(call, "changerequest", change.id)
    return shown


def _own(call: Call, orgnr: str, change: ChangeRequest | None) -> ChangeRequest:
    if change is None:
        raise refuse("AUTH-00010")
    if call.state.systems[change.system_id].orgnr != orgnr:
        raise refuse("AUTH-00011")
    return change


@route("GET", f"{BASE}/<change_id>")
def read(call: Call, change_id: str) -> Response:
    orgnr = authorisation.vendor(call, authorisation.REQUEST_READ)
    return as_json(_shown(call, _own(call, orgnr, call.state.change_requests.get(parsing.guid(change_id)))))


@route("GET", f"{BASE}/byexternalref/<system_id>/<party>/<path:reference>")
def by_reference(call: Call, system_id: str, party: str, reference: str) -> Response:
    """The first match. The real service leaves the package lists empty here."""
    orgnr = authorisation.vendor(call, authorisation.REQUEST_READ)
    wanted = (system_id, party, reference)
    rows = call.state.change_requests.values()
    change = next((c for c in rows if (c.system_id, c.orgnr, c.external_ref) == wanted), None)
    return as_json(_shown(call, _own(call, orgnr, change), with_packages=False))


@route("GET", f"{BASE}/bysystem/<system_id>")
def by_system(call: Call, system_id: str) -> Response:
    """Known flaw of the real service: `token` is ignored, so every page is page 1 with a next link."""
    orgnr = authorisation.vendor(call, authorisation.REQUEST_READ)
    system = call.state.systems.get(system_id)
    if system is None or system.orgnr != orgnr:
        raise refuse("AUTH-00011")
    rows = sorted((c for c in call.state.change_requests.values() if c.system_id == system_id), key=lambda c: c.id)
    size = call.state.settings.page_size
    following = rows[size].id if len(rows) > size else None
    return as_json(page([_shown(call, c, with_url=False) for c in rows[:size]], following, call))


@route("DELETE", f"{BASE}/<change_id>")
def delete(call: Call, change_id: str) -> Response:
    orgnr = authorisation.vendor(call, authorisation.REQUEST_WRITE)
    ident = parsing.guid(change_id)
    if ident not in call.state.change_requests:
        return problem("AUTH-00010")
    if not call.state.settings.unchecked_delete:
        _own(call, orgnr, call.state.change_requests[ident])
    del call.state.change_requests[ident]
    return empty(status=202)
