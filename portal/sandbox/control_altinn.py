"""The part of `/control` that plays Altinn's and Maskinporten's people: clients, organisations, approvals, removals.

The approval pages do the same things through the same functions.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from .altinn import decisions
from .app import Call
from .control_input import not_found, read, wrong
from .maskinporten_admin import put_keys
from .replies import as_json, empty
from .routing import route
from .skatteetaten.orgnr import is_orgnr
from .state import ChangeRequest, Client, Organisation, Person, Request

FIRST_PARTY_ID = 50_000_000


class ClientBody(msgspec.Struct, kw_only=True):
    client_id: str
    orgnr: str
    scopes: list[str]
    granted_scopes: list[str] | None = None
    jwks: dict[str, Any] = {}
    name: str = ""
    token_lifetime: int = 120


class OrganisationBody(msgspec.Struct, kw_only=True):
    orgnr: str
    name: str
    persons: list[Person] = []
    form: str = "AS"
    known: bool = True
    accountant: str = ""
    auditor: str = ""
    main_unit: str = ""
    registry: dict[str, Any] = {}


class ByPerson(msgspec.Struct, kw_only=True):
    person: str = ""


class Age(msgspec.Struct, kw_only=True):
    days: float


@route("POST", "/control/clients")
def put_client(call: Call) -> Response:
    body = read(call, ClientBody)
    _check_orgnr(body.orgnr)
    client = Client(
        client_id=body.client_id, orgnr=body.orgnr, name=body.name, scopes=body.scopes, granted_scopes=body.granted_scopes,
        token_lifetime=body.token_lifetime,
    )  # fmt: skip
    put_keys(call, client, body.jwks.get("keys", []))
    call.state.clients[client.client_id] = client
    return as_json({"client_id": client.client_id, "kids": [key["kid"] for key in client.keys]}, status=201)


@route("POST", "/control/clients/<client_id>/keys/<kid>/expire")
def expire_key(call: Call, client_id: str, kid: str) -> Response:
    client = call.state.clients.get(client_id)
    if client is None or kid not in client.key_expires:
        raise not_found("key", kid)
    client.key_expires[kid] = call.now
    return empty(status=204)


@route("POST", "/control/organisations")
def put_organisation(call: Call) -> Response:
    """Again replaces it, but for its party id and uuid."""
    body = read(call, OrganisationBody)
    _check_orgnr(body.orgnr)
    known = call.state.organisations.get(body.orgnr)
    fields = msgspec.structs.asdict(body)
    party_id = known.party_id if known else FIRST_PARTY_ID + call.state.sequence()
    organisation = Organisation(
        party_id=party_id, party_uuid=known.party_uuid if known else call.state.uuid4(), **fields
    )
    call.state.organisations[body.orgnr] = organisation
    return as_json({"orgnr": body.orgnr, "party_id": party_id, "party_uuid": organisation.party_uuid}, status=201)


def _check_orgnr(orgnr: str) -> None:
    if not is_orgnr(orgnr):
        raise wrong(f"orgnr: {orgnr[:20]!r} is not an organisation number with a right check digit.", field="orgnr")


@route("POST", "/control/requests/<request_id>/<act>")
def decide(call: Call, request_id: str, act: str) -> Response:
    request = _request(call, request_id)
    if act == "age":
        request.created -= timedelta(days=read(call, Age).days)
    else:
        _decide(call, request, act, _person(call, request.orgnr))
    return as_json({"id": request.id, "status": request.status, "escalated": request.escalated})


def _decide(call: Call, request: Request, act: str, person: Person) -> None:
    if act == "approve":
        decisions.approve(call.state, request, person=person, now=call.now)
    elif act == "reject":
        decisions.reject(request, person=person)
    elif act == "escalate":
        decisions.escalate(request, person=person)
    else:
        raise wrong(f"{act[:40]}: a request can be approved, rejected, escalated or aged.", status=404)


@route("POST", "/control/change-requests/<change_id>/<act>")
def decide_change(call: Call, change_id: str, act: str) -> Response:
    change = call.state.change_requests.get(change_id)
    if change is None:
        raise not_found("change request", change_id)
    if act == "age":
        change.created -= timedelta(days=read(call, Age).days)
    else:
        _decide_change(call, change, act, _person(call, change.orgnr))
    return as_json({"id": change.id, "status": change.status})


def _decide_change(call: Call, change: ChangeRequest, act: str, person: Person) -> None:
    if act == "approve":
        decisions.approve_change(call.state, change, person=person)
    elif act == "reject":
        decisions.reject_change(change, person=person)
    else:
        raise wrong(f"{act[:40]}: a change request can be approved, rejected or aged.", status=404)


@route("DELETE", "/control/system-users/<user_id>")
def remove(call: Call, user_id: str) -> Response:
    user = call.state.system_users.get(user_id)
    if user is None or user.deleted:
        raise not_found("system user", user_id)
    decisions.remove(call.state, user)
    return empty(status=204)


@route("POST", "/control/system-users/<user_id>/clients")
def attach_clients(call: Call, user_id: str) -> Response:
    """Give an agent system user clients without the customer's pages: `{"orgnrs": [...]}`."""

    class Clients(msgspec.Struct):
        orgnrs: list[str]

    user = call.state.system_users.get(user_id)
    if user is None or user.deleted or user.kind != "agent":
        raise not_found("agent system user", user_id)
    wanted = read(call, Clients).orgnrs
    unknown = [orgnr for orgnr in wanted if orgnr not in call.state.organisations]
    if unknown:
        raise wrong(f"orgnrs: {unknown[0][:20]!r} is not an organisation the sandbox knows.", field="orgnrs")
    user.clients = list(dict.fromkeys([*user.clients, *wanted]))
    return as_json({"clients": user.clients})


def _request(call: Call, request_id: str) -> Request:
    request = call.state.requests.get(request_id)
    if request is None:
        raise not_found("request", request_id)
    return request


def _person(call: Call, orgnr: str) -> Person:
    """The named person of the organisation; without a name, one who may approve."""
    wanted = read(call, ByPerson).person
    persons = decisions.persons_of(call.state.organisations[orgnr])
    if not wanted:
        return next(p for p in persons if decisions.is_access_manager(p))
    found = next((p for p in persons if p.name == wanted), None)
    if found is None:
        names = ", ".join(person.name for person in persons)
        raise wrong(f"person: {wanted[:60]!r} is nobody here; known are {names}.", field="person")
    return found
