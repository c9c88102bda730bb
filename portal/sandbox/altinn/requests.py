"""System user requests, standard and agent, vendor side: created once for each (system, customer, external reference).

https://docs.altinn.studio/nb/authorization/guides/system-vendor/system-user/systemuserrequest/
"""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec
from werkzeug.wrappers import Response

from ..app import Call
from ..replies import Reply, as_json, empty
from ..routing import route
from ..skatteetaten.orgnr import is_orgnr
from ..state import Request, State, System
from . import catalogue, gate, lookup
from .problems import malformed, problem, refuse

USER = f"{gate.AUTH}/systemuser"
BASE = f"{USER}/request/vendor"
LIFE = timedelta(days=180)
STORED = {"Accepted": "AUTH-00006", "New": "AUTH-00007", "Denied": "AUTH-00008", "Rejected": "AUTH-00009"}
PAGES = {"standard": "request", "agent": "agentrequest"}


@route("POST", BASE)
def create_standard(call: Call) -> Response:
    return _create(call, "standard")


@route("POST", f"{BASE}/agent")
def create_agent(call: Call) -> Response:
    return _create(call, "agent")


def _create(call: Call, kind: str) -> Response:
    orgnr = gate.vendor(call, gate.REQUEST_WRITE)
    needed = ("systemId", "partyOrgNo", *(("accessPackages",) if kind == "agent" else ()))
    said = gate.members(call, required=needed)
    system_id, party = str(said["systemid"]), str(said["partyorgno"])
    reference = said.get("externalref")
    triple = (system_id, party, str(reference or party))
    if lookup.live_user(call.state, triple):
        raise refuse("AUTH-00004")
    sought = (system_id, party, str(reference) if reference is not None else party)  # "" is looked for as it is
    existing = find(call.state, sought, kind)
    system = call.state.systems.get(system_id)
    if existing and existing.status != "Timedout" and system and system.orgnr == orgnr:
        return as_json(_shown(call, existing, with_url=True))
    _refuse_unknown(call, orgnr, system, triple)
    assert system is not None
    request = _checked(call, system, said, kind, triple)
    call.state.requests[request.id] = request
    place = f"{call.sandbox.origin}{USER}/request/{request.id}"
    return as_json(_shown(call, request, with_url=True), status=201, headers={"Location": place})


def find(state: State, triple: tuple[str, str, str], kind: str) -> Request | None:
    wanted = (*triple, kind)
    return next((r for r in state.requests.values() if (r.system_id, r.orgnr, r.external_ref, r.kind) == wanted), None)


def _refuse_unknown(call: Call, orgnr: str, system: System | None, triple: tuple[str, str, str]) -> None:
    if system is None or system.is_deleted:
        raise refuse("AUTH-00011")
    stored = find(call.state, triple, "standard")
    if stored:
        raise refuse(STORED.get(stored.status, "AUTH-00007"))
    if system.orgnr != orgnr:
        raise refuse("AUTH-00011")
    organisation = call.state.organisations.get(triple[1])
    if organisation is None or not organisation.known or not is_orgnr(triple[1]):
        raise refuse("AUTH-00000")


def _checked(call: Call, system: System, said: dict[str, Any], kind: str, triple: tuple[str, str, str]) -> Request:
    redirect = str(said.get("redirecturl") or "")
    check_redirect(system, redirect)
    rights = gate.rights(said["rights"]) if kind == "standard" and said.get("rights") is not None else []
    packages = gate.urns(said, "accessPackages")
    if kind == "agent" and not packages:
        raise refuse("AUTH-00058")
    if said.get("rights") is None and said.get("accesspackages") is None:
        raise refuse("AUTH-00001")
    if not rights and not packages:
        raise refuse("AUTH-00059")
    check_rights(system, rights)
    check_packages(system, packages, kind)
    return Request(
        id=call.state.uuid4(), kind=kind, system_id=system.id, orgnr=triple[1], external_ref=triple[2],
        title=str(said.get("integrationtitle") or system.name.get("nb", "")), rights=rights, packages=packages,
        redirect_url=redirect, status="New", escalated=False, created=call.now,
    )  # fmt: skip


def check_redirect(system: System, redirect: str) -> None:
    """Scheme, host and path must be those of a registered address; the query is free."""
    if not redirect:
        return
    if not system.redirect_urls:
        raise refuse("AUTH-00026")
    if _place(redirect) not in {_place(url) for url in system.redirect_urls}:
        raise refuse("AUTH-00021")


def _place(url: str) -> tuple[str, str, str]:
    parts = urlsplit(url)
    if not parts.scheme or not parts.netloc:
        raise Reply(as_json({"title": "An error occurred while processing your request.", "status": 500}, status=500))
    return parts.scheme, parts.netloc.lower(), parts.path or "/"


def check_rights(system: System, rights: list[dict[str, Any]]) -> None:
    """A sub-set of the system's, resource lists compared whole, actions not at all."""
    registered = [right["resource"] for right in system.rights]
    if len(rights) > len(registered) or not all(right["resource"] in registered for right in rights):
        raise refuse("AUTH-00001")


def check_packages(system: System, packages: list[str], kind: str) -> None:
    if len(packages) > len(system.packages):
        raise refuse("AUTH-00063")
    absent = [urn for urn in packages if urn not in system.packages]
    if absent:
        raise refuse("AUTH-00063", NotFoundPackages=absent)
    found = [(urn, catalogue.package(urn)) for urn in packages]
    if kind == "standard":
        wrong = [urn for urn, package in found if package is None or not package.assignable]
        if wrong:
            raise refuse("AUTH-00064", NotDelegablePackages=wrong)
    elif any(package is None or not package.delegable for _urn, package in found):
        raise refuse("AUTH-00065")


def is_timed_out(request: Any, call: Call) -> bool:
    return bool(request.status == "New" and request.created + LIFE <= call.now)


def confirm_url(call: Call, page: str, ident: str) -> str:
    base = f"{call.sandbox.origin}/am-ui/accessmanagement/ui/systemuser"
    return f"{base}/{page}?id={ident}&DONTCHOOSEREPORTEE=true"


def _shown(call: Call, request: Request, *, with_url: bool = False, with_escalated: bool = False) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": request.id, "integrationTitle": request.title, "externalRef": request.external_ref,
        "systemId": request.system_id, "partyOrgNo": request.orgnr, "rights": request.rights,
        "accessPackages": [{"urn": urn} for urn in request.packages], "status": request.status,
        "escalated": request.escalated if with_escalated else False,
        "created": request.created.isoformat(), "timedOut": is_timed_out(request, call),
    }  # fmt: skip
    if request.redirect_url:
        shown["redirectUrl"] = request.redirect_url
    if with_url:
        shown["confirmUrl"] = confirm_url(call, PAGES[request.kind], request.id)
    return shown


def _own(call: Call, orgnr: str, request: Request | None, code: str) -> Request:
    if request is None:
        raise refuse(code)
    system = call.state.systems.get(request.system_id)
    if system is None or system.orgnr != orgnr:
        raise refuse("AUTH-00011")
    return request


@route("GET", f"{BASE}/<request_id>")
def read_standard(call: Call, request_id: str) -> Response:
    return _read(call, request_id, "standard")


@route("GET", f"{BASE}/agent/<request_id>")
def read_agent(call: Call, request_id: str) -> Response:
    return _read(call, request_id, "agent")


def _read(call: Call, request_id: str, kind: str) -> Response:
    orgnr = gate.vendor(call, gate.REQUEST_READ)
    request = call.state.requests.get(gate.guid(request_id))
    found = _own(call, orgnr, request if request and request.kind == kind else None, "AUTH-00010")
    return as_json(_shown(call, found, with_url=True))


@route("GET", f"{BASE}/byexternalref/<system_id>/<party>/<path:reference>")
def by_reference_standard(call: Call, system_id: str, party: str, reference: str) -> Response:
    return _by_reference(call, (system_id, party, reference), "standard")


@route("GET", f"{BASE}/agent/byexternalref/<system_id>/<party>/<path:reference>")
def by_reference_agent(call: Call, system_id: str, party: str, reference: str) -> Response:
    return _by_reference(call, (system_id, party, reference), "agent")


def _by_reference(call: Call, triple: tuple[str, str, str], kind: str) -> Response:
    orgnr = gate.vendor(call, gate.REQUEST_READ)
    found = _own(call, orgnr, find(call.state, triple, kind), "AUTH-00010")
    return as_json(_shown(call, found, with_url=True))


@route("GET", f"{BASE}/bysystem/<system_id>")
def list_standard(call: Call, system_id: str) -> Response:
    return _list(call, system_id, "standard")


@route("GET", f"{BASE}/agent/bysystem/<system_id>")
def list_agent(call: Call, system_id: str) -> Response:
    return _list(call, system_id, "agent")


def _list(call: Call, system_id: str, kind: str) -> Response:
    orgnr = gate.vendor(call, gate.REQUEST_READ)
    system = call.state.systems.get(system_id)
    if system is None or system.orgnr != orgnr:
        raise refuse("AUTH-00011")
    rows = sorted(
        (r for r in call.state.requests.values() if r.system_id == system_id and r.kind == kind), key=lambda r: r.id
    )
    loses_one = call.state.settings.list_page_boundary_bug
    place = page_token(call)
    if place:
        rows = [r for r in rows if (r.id > place if loses_one else r.id >= place)]
    size = call.state.settings.page_size
    following = rows[size].id if len(rows) > size else None
    return as_json(page([_shown(call, r, with_escalated=True) for r in rows[:size]], following, call))


def page_token(call: Call) -> Any:
    """The decoded `token`: base64url of a JSON value. Raises Reply (400) for another form."""
    text = call.request.args.get("token", "")
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))) if text else None
    except (ValueError, msgspec.DecodeError):
        raise Reply(malformed(token=["The value is not valid."])) from None


def page(rows: list[Any], following: Any, call: Call) -> dict[str, Any]:
    """A page with a link to the next, made of the token of its first row."""
    if following is None:
        return {"links": {}, "data": rows}
    token = base64.urlsafe_b64encode(msgspec.json.encode(following)).decode().rstrip("=")
    return {"links": {"next": f"{call.sandbox.origin}{call.request.path}?token={token}"}, "data": rows}


@route("DELETE", f"{BASE}/<request_id>")
def delete(call: Call, request_id: str) -> Response:
    """Either kind, any status; the real service asks for the scope but not whose request it is."""
    orgnr = gate.vendor(call, gate.REQUEST_WRITE)
    ident = gate.guid(request_id)
    request = call.state.requests.get(ident)
    if request is None:
        return problem("AUTH-00010")
    if not call.state.settings.unchecked_delete:
        _own(call, orgnr, request, "AUTH-00010")
    del call.state.requests[ident]
    return empty(status=202)
