"""Client delegation for agent system users: which clients may be attached, and attaching them.

https://docs.altinn.studio/nb/authorization/guides/ . Allowed callers are a person who administers the owner (logged in
with ID-porten; here a token from `POST /control/person-tokens`) and a system user of the owner with klientadministrator.
"""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from ..kernel import Call
from ..replies import Reply, as_json, empty
from ..routing import route
from ..state import Organisation, SystemUser
from ..tokens import Token
from . import authorisation, decisions, parsing, rights
from .problems import invalid, refuse, rule
from .records import PREFIX
from .users import shown

BASE = f"{authorisation.AUTH}/enduser/systemuser"
READ, WRITE = "altinn:clientdelegations.read", "altinn:clientdelegations.write"
ADMINISTRATOR = f"{PREFIX}klientadministrator"
PERSON, PERSON_ORGNR = "urn:sandbox:person", "urn:sandbox:orgnr"
BY_ROLE = {
    "accountant": frozenset(
        {
            "regnskapsforer-med-signeringsrettighet",
            "regnskapsforer-uten-signeringsrettighet",
            "regnskapsforer-lonn",
        }
    ),
    "auditor": frozenset({"ansvarlig-revisor", "revisormedarbeider"}),
    "business_manager": frozenset({"forretningsforer-eiendom"}),
}


def _administrator(call: Call, scope: str) -> Token:
    token = authorisation.authenticated(call, issuers=("altinn",))
    if scope not in token.scopes:
        raise Reply(empty(status=403))
    return token


def _check_administers(call: Call, token: Token, owner: str) -> None:
    """The access decision on altinn_client_administration for the owner. Raises Reply (403, empty)."""
    user = rights.system_user_of(call.state, token)
    if user is not None and user.orgnr == owner and ADMINISTRATOR in user.packages:
        return
    organisation = call.state.organisations.get(owner)
    known = decisions.persons_of(organisation) if organisation and token.claims.get(PERSON_ORGNR) == owner else []
    person = next((p for p in known if p.name == token.claims.get(PERSON)), None)
    if person is None or not (decisions.is_access_manager(person) or "klientadministrator" in person.roles):
        raise Reply(empty(status=403))


def _agent(call: Call, scope: str) -> SystemUser:
    token = _administrator(call, scope)
    user = call.state.system_users.get(call.request.args.get("agent", "").lower())
    if user is None or user.deleted:
        raise Reply(invalid([rule(14)]))
    if user.kind != "agent":
        raise Reply(invalid([rule(15)]))
    _check_administers(call, token, user.orgnr)
    return user


def _client(call: Call) -> Organisation:
    wanted = call.request.args.get("client", "")
    if not parsing.is_guid(wanted):
        raise Reply(invalid([rule(16)]))
    client = next((o for o in call.state.organisations.values() if o.party_uuid == wanted.lower()), None)
    if client is None:
        raise refuse("AUTH-00079")
    return client


def _given(owner: str, client: Organisation) -> set[str]:
    """Package codes that a client gave to `owner`: by registering it in a role, or by delegation."""
    registered = {code for role, codes in BY_ROLE.items() if getattr(client, role) == owner for code in codes}
    return registered | set(client.delegations.get(owner, []))


def _qualifies(user: SystemUser, client: Organisation) -> bool:
    """The client must have given every package of the agent, not only one of them."""
    return {urn.removeprefix(PREFIX) for urn in user.packages} <= _given(user.orgnr, client)


def _rows(user: SystemUser, clients: list[Organisation]) -> Response:
    rows: list[dict[str, Any]] = [
        {"clientId": c.party_uuid, "clientOrganizationNumber": c.orgnr, "clientOrganizationName": c.name}
        for c in clients
    ]
    about = {"systemUserId": user.id, "systemUserOwnerOrg": user.orgnr}
    return as_json({"links": {}, "data": rows, "systemUserInformation": about})


@route("GET", f"{BASE}/agents")
def agents(call: Call) -> Response:
    token = _administrator(call, READ)
    owner = call.state.organisations.get(call.request.args.get("party", ""))
    if owner is None:
        return empty(status=404)
    _check_administers(call, token, owner.orgnr)
    rows = [
        u for u in call.state.system_users.values() if u.kind == "agent" and u.orgnr == owner.orgnr and not u.deleted
    ]
    return as_json([_internal(call, user, owner) for user in rows])


def _internal(call: Call, user: SystemUser, owner: Organisation) -> dict[str, Any]:
    """A system user in the form of Altinn's own portal, with members that the vendor's form leaves out."""
    more = {
        "systemInternalId": call.state.systems[user.system_id].internal_id,
        "partyId": str(owner.party_id),
        "partyUuId": owner.party_uuid,
        "accessPackages": [{"urn": urn} for urn in user.packages],
    }
    return {**shown(call, user), **more}


@route("GET", f"{BASE}/clients/available")
def available(call: Call) -> Response:
    user = _agent(call, READ)
    return _rows(user, [o for o in call.state.organisations.values() if _qualifies(user, o)])


@route("GET", f"{BASE}/clients")
def attached(call: Call) -> Response:
    user = _agent(call, READ)
    return _rows(user, [call.state.organisations[orgnr] for orgnr in user.clients if orgnr in call.state.organisations])


@route("POST", f"{BASE}/clients")
def attach(call: Call) -> Response:
    user, client = _agent(call, WRITE), _client(call)
    if not _qualifies(user, client):
        raise refuse("AUTH-00080")
    if client.orgnr not in user.clients:
        user.clients = [*user.clients, client.orgnr]
    return as_json({"agent": user.id, "client": client.party_uuid})


@route("DELETE", f"{BASE}/clients")
def detach(call: Call) -> Response:
    user, client = _agent(call, WRITE), _client(call)
    user.clients = [orgnr for orgnr in user.clients if orgnr != client.orgnr]
    return as_json({"agent": user.id, "client": client.party_uuid})
