"""System user requests, standard and agent, vendor side: created once for each (system, customer, external reference).

https://docs.altinn.studio/nb/authorization/guides/system-vendor/system-user/systemuserrequest/
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from werkzeug.wrappers import Response

from .. import unit_feed
from ..kernel import Call
from ..orgnr import is_orgnr
from ..replies import Reply, as_json, empty
from ..routing import route
from ..state import Organisation, Request, State, System
from . import authorisation, catalogue, lookup, parsing
from .problems import crashed, malformed, problem, refuse

USER = f"{authorisation.AUTH}/systemuser"
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


@dataclass(frozen=True)
class Draft:
    """A posted request as read from its body. The lists are None when the body does not have them."""

    kind: str
    system_id: str
    orgnr: str
    reference: str | None
    title: str
    rights: list[dict[str, Any]] | None
    packages: list[str] | None
    redirect: str

    @property
    def lookup_key(self) -> tuple[str, str, str]:
        """(system, customer, reference) to look up. An empty reference is not replaced."""
        return self.system_id, self.orgnr, self.orgnr if self.reference is None else self.reference

    @property
    def storage_key(self) -> tuple[str, str, str]:
        """(system, customer, reference) to store. The customer's number replaces an empty reference."""
        return self.system_id, self.orgnr, self.reference or self.orgnr


def _create(call: Call, kind: str) -> Response:
    orgnr = authorisation.vendor(call, authorisation.REQUEST_WRITE)
    draft = _draft(call, kind)
    if lookup.live_user(call.state, draft.lookup_key):
        raise refuse("AUTH-00004")
    existing = find(call.state, draft.lookup_key, kind)
    system = call.state.systems.get(draft.system_id)
    if existing and existing.status != "Timedout" and system and system.orgnr == orgnr:
        return as_json(_shown(call, existing, with_url=True))
    request = _checked(call, _known_system(call, orgnr, draft), draft)
    keep(call.state, request)
    location = f"{call.sandbox.origin}{USER}/request/{request.id}"
    return as_json(_shown(call, request, with_url=True), status=201, headers={"Location": location})


def _draft(call: Call, kind: str) -> Draft:
    needed = ("accessPackages",) if kind == "agent" else ()
    payload = parsing.members(call, required=needed, filled=("systemId", "partyOrgNo"))
    has_rights = kind == "standard" and payload.get("rights") is not None
    return Draft(
        kind=kind, system_id=parsing.text(payload, "systemId"), orgnr=parsing.text(payload, "partyOrgNo"),
        reference=parsing.text(payload, "externalRef") if payload.get("externalref") is not None else None,
        title=parsing.text(payload, "integrationTitle"), rights=parsing.rights(payload["rights"]) if has_rights else None,
        packages=parsing.urns(payload, "accessPackages") if payload.get("accesspackages") is not None else None,
        redirect=parsing.text(payload, "redirectUrl"),
    )  # fmt: skip


def keep(state: State, request: Request) -> None:
    state.requests[request.id] = request
    _index(state, request)


def _index(state: State, request: Request) -> None:
    state.request_index[_index_key(request.kind, request.system_id, request.orgnr, request.external_ref)] = request.id


def find(state: State, triple: tuple[str, str, str], kind: str) -> Request | None:
    """The stored request of that kind for (system, customer, external reference)."""
    if state.requests and not state.request_index:  # a snapshot of an older version has no index
        for request in state.requests.values():
            _index(state, request)
    return state.requests.get(state.request_index.get(_index_key(kind, *triple), ""))


def _index_key(*parts: str) -> str:
    return "|".join(parts)


def _known_system(call: Call, orgnr: str, draft: Draft) -> System:
    """The caller's system, after the checks of customer and (system, customer, reference). Raises Reply."""
    system = call.state.systems.get(draft.system_id)
    if system is None or system.is_deleted:
        raise refuse("AUTH-00011")
    stored = find(call.state, draft.storage_key, "standard")
    if stored and stored.status in STORED:
        raise refuse(STORED[stored.status])
    if system.orgnr != orgnr:
        raise refuse("AUTH-00011")
    organisation = call.state.organisations.get(draft.orgnr) or _synthetic_organisation(call, draft.orgnr)
    if organisation is None or not organisation.known:
        raise refuse("AUTH-00000")
    return system


def _synthetic_organisation(call: Call, orgnr: str) -> Organisation | None:
    """With the setting `knows_everybody`, a new organisation for any valid synthetic number."""
    if not call.state.settings.knows_everybody or not is_orgnr(orgnr) or orgnr[0] not in "23":
        return None
    party_id = 50_000_000 + call.state.sequence()
    made = Organisation(orgnr=orgnr, name=f"Virksomhet {orgnr}", party_id=party_id, party_uuid=call.state.uuid4())
    unit_feed.publish(call, made)
    call.state.organisations[orgnr] = made
    return made


def _checked(call: Call, system: System, draft: Draft) -> Request:
    """The request to store, after checking that the system may ask for all of it. Raises Reply."""
    check_redirect(system, draft.redirect)
    rights, packages = draft.rights or [], draft.packages or []
    if draft.kind == "agent" and not packages:
        raise refuse("AUTH-00058")
    if draft.rights is None and draft.packages is None:
        raise refuse("AUTH-00001")
    if not rights and not packages:
        raise refuse("AUTH-00059")
    check_rights(system, rights)
    check_packages(call.state, system, packages, draft.kind)
    return Request(
        id=call.state.uuid4(), kind=draft.kind, system_id=system.id, orgnr=draft.orgnr, external_ref=draft.storage_key[2],
        title=draft.title or system.name.get("nb", ""), rights=rights, packages=packages,
        redirect_url=draft.redirect, status="New", escalated=False, created=call.now,
    )  # fmt: skip


def check_redirect(system: System, redirect: str) -> None:
    """Scheme, host and path must be those of a registered address; the query may differ. A malformed one is a 500."""
    if not redirect:
        return
    if not system.redirect_urls:
        raise refuse("AUTH-00026")
    if _address(redirect) not in {_address(url) for url in system.redirect_urls}:
        raise refuse("AUTH-00021")


def _address(url: str) -> tuple[str, str, str]:
    try:
        parts = urlsplit(url)
    except ValueError:
        raise crashed() from None
    if not parts.scheme or not parts.netloc or not url.isprintable():
        raise crashed()
    return parts.scheme, parts.netloc.lower(), parts.path or "/"


def check_rights(system: System, rights: list[dict[str, Any]]) -> None:
    """A sub-set of the system's rights. Resource lists are compared whole, actions are ignored."""
    registered = [right["resource"] for right in system.rights]
    if len(rights) > len(registered) or not all(right["resource"] in registered for right in rights):
        raise refuse("AUTH-00001")


def check_packages(state: State, system: System, packages: list[str], kind: str) -> None:
    if len(packages) > len(system.packages):
        raise refuse("AUTH-00063")
    absent = [urn for urn in packages if urn not in system.packages]
    if absent:
        raise refuse("AUTH-00063", NotFoundPackages=absent)
    listed = [(urn, catalogue.package(state, urn)) for urn in packages]
    if kind == "standard":
        wrong = [urn for urn, package in listed if package is None or not package.assignable]
        if wrong:
            raise refuse("AUTH-00064", NotDelegablePackages=wrong)
    elif any(package is None or not package.delegable for _urn, package in listed):
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
        "created": request.created, "timedOut": is_timed_out(request, call),
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
    orgnr = authorisation.vendor(call, authorisation.REQUEST_READ)
    request = call.state.requests.get(parsing.guid(request_id))
    own = _own(call, orgnr, request if request and request.kind == kind else None, "AUTH-00010")
    return as_json(_shown(call, own, with_url=True))


@route("GET", f"{BASE}/byexternalref/<system_id>/<party>/<path:reference>")
def by_reference_standard(call: Call, system_id: str, party: str, reference: str) -> Response:
    return _by_reference(call, (system_id, party, reference), "standard")


@route("GET", f"{BASE}/agent/byexternalref/<system_id>/<party>/<path:reference>")
def by_reference_agent(call: Call, system_id: str, party: str, reference: str) -> Response:
    return _by_reference(call, (system_id, party, reference), "agent")


def _by_reference(call: Call, triple: tuple[str, str, str], kind: str) -> Response:
    orgnr = authorisation.vendor(call, authorisation.REQUEST_READ)
    own = _own(call, orgnr, find(call.state, triple, kind), "AUTH-00010")
    return as_json(_shown(call, own, with_url=True))


@route("GET", f"{BASE}/bysystem/<system_id>")
def list_standard(call: Call, system_id: str) -> Response:
    return _list(call, system_id, "standard")


@route("GET", f"{BASE}/agent/bysystem/<system_id>")
def list_agent(call: Call, system_id: str) -> Response:
    return _list(call, system_id, "agent")


def _list(call: Call, system_id: str, kind: str) -> Response:
    orgnr = authorisation.vendor(call, authorisation.REQUEST_READ)
    system = call.state.systems.get(system_id)
    if system is None or system.orgnr != orgnr:
        raise refuse("AUTH-00011")
    rows = _after(call, [r for r in call.state.requests.values() if r.system_id == system_id and r.kind == kind], kind)
    size = call.state.settings.page_size
    following = rows[size].id if len(rows) > size else None
    return as_json(page([_shown(call, r, with_escalated=True) for r in rows[:size]], following, call))


def _after(call: Call, rows: list[Request], kind: str) -> list[Request]:
    """The rows from the page token on.

    With the known flaw of the real service the first of them is lost, and agent requests have no order.
    """
    has_flaw = call.state.settings.list_page_boundary_bug
    if kind == "standard" or not has_flaw:
        rows.sort(key=lambda r: r.id)
    cursor = page_token(call, str)
    if cursor is None:
        return rows
    return [r for r in rows if (r.id > cursor if has_flaw else r.id >= cursor)]


def page_token(call: Call, kind: type) -> Any:
    """The decoded `token`, base64url of a JSON value; None without one. Raises Reply (400) for another form."""
    text = call.request.args.get("token", "")
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=kind) if text else None
    except (ValueError, msgspec.DecodeError):
        raise Reply(malformed(token=["The value is not valid."])) from None


def page(rows: list[Any], following: Any, call: Call) -> dict[str, Any]:
    """A page with a link to the next one, whose token is made from the first row of it."""
    if following is None:
        return {"links": {}, "data": rows}
    token = base64.urlsafe_b64encode(msgspec.json.encode(following)).decode().rstrip("=")
    return {"links": {"next": f"{call.sandbox.origin}{quote(call.request.path)}?token={token}"}, "data": rows}


@route("DELETE", f"{BASE}/<request_id>")
def delete(call: Call, request_id: str) -> Response:
    """Delete a request of either kind in any status. The real service does not check who owns it."""
    orgnr = authorisation.vendor(call, authorisation.REQUEST_WRITE)
    ident = parsing.guid(request_id)
    request = call.state.requests.get(ident)
    if request is None:
        return problem("AUTH-00010")
    if not call.state.settings.unchecked_delete:
        _own(call, orgnr, request, "AUTH-00010")
    del call.state.requests[ident]
    return empty(status=202)
