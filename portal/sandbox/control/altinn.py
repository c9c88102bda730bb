"""The part of `/control` for Altinn: organisations, approvals, removals.

The approval pages do the same through the same functions.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from .. import unit_feed
from ..altinn import catalogue, client_delegation, decisions, lookup
from ..altinn.records import PREFIX
from ..kernel import Call
from ..replies import as_json, empty
from ..routing import route
from ..state import ChangeRequest, Organisation, Person, Request, System, SystemUser
from .input import check_orgnr, not_found, read, wrong

FIRST_PARTY_ID = 50_000_000
PERSON_TOKEN_SECONDS = 30 * 60
LONGEST = 36_500
ROLES = frozenset(
    {"DAGL", "LEDE", "INNH", "MEDL", "NEST", "KONT", "REGN", "REVI", "ansatt", "tilgangsstyrer", "hovedadministrator",
     "klientadministrator"}
)  # fmt: skip


class OrganisationBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    orgnr: str
    name: str
    persons: list[Person] = []
    form: str = "AS"
    known: bool = True
    accountant: str = ""
    auditor: str = ""
    business_manager: str = ""
    delegations: dict[str, list[str]] = {}
    main_unit: str = ""
    registry: dict[str, Any] = {}


class ByPerson(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    person: str = ""


class Age(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    days: float


class Clients(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    orgnrs: list[str]
    packages: list[str] | None = None


class MadeUser(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    system_id: str
    orgnr: str
    external_ref: str = ""


class PersonToken(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    orgnr: str
    scopes: list[str]
    person: str = ""


@route("POST", "/control/organisations")
def put_organisation(call: Call) -> Response:
    """Create or replace an organisation. Its party id and uuid stay the same."""
    body = read(call, OrganisationBody)
    _check_organisation(call, body)
    known = call.state.organisations.get(body.orgnr)
    fields = msgspec.structs.asdict(body)
    party_id = known.party_id if known else FIRST_PARTY_ID + call.state.sequence()
    organisation = Organisation(
        party_id=party_id, party_uuid=known.party_uuid if known else call.state.uuid4(), **fields
    )
    unit_feed.publish(call, organisation, before=known)
    call.state.organisations[body.orgnr] = organisation
    return as_json({"orgnr": body.orgnr, "party_id": party_id, "party_uuid": organisation.party_uuid}, status=201)


def _check_organisation(call: Call, body: OrganisationBody) -> None:
    check_orgnr(body.orgnr)
    for field in ("accountant", "auditor", "business_manager", "main_unit"):
        if getattr(body, field):
            check_orgnr(getattr(body, field), field)
    for holder, codes in body.delegations.items():
        check_orgnr(holder, "delegations")
        body.delegations[holder] = _codes(call, codes, "delegations")
    for person in body.persons:
        _check_person(call, person)
    if len({person.name for person in body.persons}) < len(body.persons):
        raise wrong("persons: two have the same name.", field="persons")


def _check_person(call: Call, person: Person) -> None:
    unknown = [role for role in person.roles if role not in ROLES]
    if not person.name.strip():
        raise wrong("persons: each needs a name.", field="persons")
    if unknown:
        known = ", ".join(sorted(ROLES))
        raise wrong(f"persons: {unknown[0][:40]!r} is not a role here; known are {known}.", field="persons")
    if person.packages is not None:
        person.packages = _codes(call, person.packages, "persons")


def _codes(call: Call, packages: list[str], field: str) -> list[str]:
    """Package codes, given as codes or as urns."""
    codes = [package.removeprefix(PREFIX) for package in packages]
    unknown = [code for code in codes if catalogue.package(call.state, PREFIX + code) is None]
    if unknown:
        raise wrong(f"{field}: {unknown[0][:80]!r} is not an access package here.", field=field)
    return codes


@route("POST", "/control/requests/<request_id>/<act>")
def decide(call: Call, request_id: str, act: str) -> Response:
    request = _request(call, request_id)
    if act == "age":
        _age(call, request)
    else:
        _decide(call, request, act, _person(call, request.orgnr))
    return as_json({"id": request.id, "status": request.status, "escalated": request.escalated})


def _age(call: Call, request: Request | ChangeRequest) -> None:
    """Make it older by some days, as if time had passed for it alone."""
    days = read(call, Age).days
    if not 0 <= days <= LONGEST:
        raise wrong(f"days: must be from 0 to {LONGEST}.", field="days")
    request.created = max(request.created - timedelta(days=days), call.now - timedelta(days=LONGEST))


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
        _age(call, change)
    else:
        _decide_change(call, change, act, _person(call, change.orgnr))
    return as_json({"id": change.id, "status": change.status})


def _decide_change(call: Call, change: ChangeRequest, act: str, person: Person) -> None:
    if act == "approve":
        decisions.approve_change(call.state, change, person=person, now=call.now)
    elif act == "reject":
        decisions.reject_change(change, person=person)
    else:
        raise wrong(f"{act[:40]}: a change request can be approved, rejected or aged.", status=404)


@route("POST", "/control/system-users")
def make_user(call: Call) -> Response:
    """A system user that the customer made in Altinn itself, for a system that is listed there; with all that the system has."""
    body = read(call, MadeUser)
    system = call.state.systems.get(body.system_id)
    if system is None or system.is_deleted:
        raise not_found("system", body.system_id)
    if body.orgnr not in call.state.organisations:
        raise not_found("organisation", body.orgnr)
    reference = body.external_ref or body.orgnr
    if lookup.live_user(call.state, (system.id, body.orgnr, reference)) is not None:
        raise wrong("external_ref: there is a system user for it already.", field="external_ref")
    user = SystemUser(
        id=call.state.uuid4(), seq=call.state.sequence(), kind="standard", system_id=system.id, orgnr=body.orgnr,
        external_ref=reference, title=system.name.get("nb", system.id), rights=held_by(system), packages=list(system.packages),
        created=call.now,
    )  # fmt: skip
    lookup.add_user(call.state, user)
    return as_json({"id": user.id, "externalRef": user.external_ref}, status=201)


def held_by(system: System) -> list[str]:
    """The resource ids of the rights of a system."""
    return [entry["value"] for right in system.rights for entry in right.get("resource", []) if entry.get("value")]


@route("DELETE", "/control/system-users/<user_id>")
def remove(call: Call, user_id: str) -> Response:
    user = call.state.system_users.get(user_id)
    if user is None or user.deleted:
        raise not_found("system user", user_id)
    decisions.remove(call.state, user)
    return empty(status=204)


@route("POST", "/control/system-users/<user_id>/clients")
def attach_clients(call: Call, user_id: str) -> Response:
    """Give an agent system user clients without the approval pages: `{"orgnrs": [...]}`.

    With `packages` (urns of the system user's own) these clients have left only those.
    """
    user, body = _agent(call, user_id), read(call, Clients)
    unknown = [orgnr for orgnr in body.orgnrs if orgnr not in call.state.organisations]
    if unknown:
        raise wrong(f"orgnrs: {unknown[0][:20]!r} is not an organisation the sandbox knows.", field="orgnrs")
    foreign = set(body.packages or []) - set(user.packages)
    if foreign:
        raise wrong(f"packages: {min(foreign)[:80]!r} is not a package of the system user.", field="packages")
    user.clients = list(dict.fromkeys([*user.clients, *body.orgnrs]))  # a new list: caches compare the list itself
    kept = {orgnr: urns for orgnr, urns in user.client_packages.items() if orgnr not in body.orgnrs}
    user.client_packages = kept if body.packages is None else {**kept, **dict.fromkeys(body.orgnrs, body.packages)}
    return as_json({"clients": user.clients})


@route("DELETE", "/control/system-users/<user_id>/clients")
def detach_clients(call: Call, user_id: str) -> Response:
    """Take clients away: `{"orgnrs": [...]}`."""
    user, gone = _agent(call, user_id), set(read(call, Clients).orgnrs)
    user.clients = [orgnr for orgnr in user.clients if orgnr not in gone]
    return as_json({"clients": user.clients})


def _agent(call: Call, user_id: str) -> SystemUser:
    user = call.state.system_users.get(user_id)
    if user is None or user.deleted or user.kind != "agent":
        raise not_found("agent system user", user_id)
    return user


def _request(call: Call, request_id: str) -> Request:
    request = call.state.requests.get(request_id)
    if request is None:
        raise not_found("request", request_id)
    return request


@route("POST", "/control/person-tokens")
def person_token(call: Call) -> Response:
    """An Altinn token of a person who logged in with ID-porten for the organisation, for client delegation."""
    body = read(call, PersonToken)
    check_orgnr(body.orgnr)
    if body.orgnr not in call.state.organisations:
        raise not_found("organisation", body.orgnr)
    person = _named(call, body.orgnr, body.person)
    now = int(call.token_time.timestamp())
    claims = {
        "iss": call.sandbox.issuers()["altinn"], "scope": " ".join(body.scopes), "iat": now,
        "exp": now + PERSON_TOKEN_SECONDS, "jti": call.state.uuid4(), "urn:altinn:authlevel": 3,
        "urn:altinn:authenticatemethod": "BankID", client_delegation.PERSON: person.name, client_delegation.PERSON_ORGNR: body.orgnr,
    }  # fmt: skip
    return as_json({"token": call.sandbox.signing_keys["altinn"].sign(claims), "person": person.name}, status=201)


def _person(call: Call, orgnr: str) -> Person:
    return _named(call, orgnr, read(call, ByPerson).person)


def _named(call: Call, orgnr: str, wanted: str) -> Person:
    """The named person of the organisation; without a name, one who may approve."""
    persons = decisions.persons_of(call.state.organisations[orgnr])
    if not wanted:
        return next(p for p in persons if decisions.is_access_manager(p))
    person = next((p for p in persons if p.name == wanted), None)
    if person is None:
        names = ", ".join(person.name for person in persons)
        raise wrong(f"person: {wanted[:60]!r} is nobody here; known are {names}.", field="person")
    return person
