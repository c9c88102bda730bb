"""Client delegation for agent system users: which clients may be attached, and attaching them.

https://docs.altinn.studio/nb/authorization/guides/ . Known to differ: any exchanged token with the scope is let in.
"""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Response

from ..app import Call
from ..replies import Reply, as_json, empty
from ..routing import route
from ..state import Organisation, SystemUser
from . import gate
from .catalogue import PREFIX
from .problems import invalid, refuse, rule
from .users import shown

BASE = f"{gate.AUTH}/enduser/systemuser"
READ, WRITE = "altinn:clientdelegations.read", "altinn:clientdelegations.write"
BY_ROLE = {
    "accountant": {
        "regnskapsforer-med-signeringsrettighet",
        "regnskapsforer-uten-signeringsrettighet",
        "regnskapsforer-lonn",
    },
    "auditor": {"ansvarlig-revisor", "revisormedarbeider"},
}


def _agent(call: Call, scope: str) -> SystemUser:
    if scope not in gate.authenticated(call).scopes:
        raise Reply(empty(status=403))
    user = call.state.system_users.get(call.request.args.get("agent", "").lower())
    if user is None or user.deleted:
        raise Reply(invalid([rule(14)]))
    if user.kind != "agent":
        raise Reply(invalid([rule(15)]))
    return user


def _client(call: Call) -> Organisation:
    wanted = call.request.args.get("client", "").lower()
    if not wanted:
        raise Reply(invalid([rule(16)]))
    found = next((o for o in call.state.organisations.values() if o.party_uuid == wanted), None)
    if found is None:
        raise refuse("AUTH-00079")
    return found


def _given(owner: str, client: Organisation) -> set[str]:
    """Package codes a client has given this accountant or auditor by being registered with them."""
    return {code for role, codes in BY_ROLE.items() if getattr(client, role) == owner for code in codes}


def _qualifies(user: SystemUser, client: Organisation) -> bool:
    return {urn.removeprefix(PREFIX) for urn in user.packages} <= _given(user.orgnr, client)


def _rows(call: Call, user: SystemUser, clients: list[Organisation]) -> Response:
    rows: list[dict[str, Any]] = [
        {"clientId": c.party_uuid, "clientOrganizationNumber": c.orgnr, "clientOrganizationName": c.name}
        for c in clients
    ]
    about = {"systemUserId": user.id, "systemUserOwnerOrg": user.orgnr}
    return as_json({"links": {}, "data": rows, "systemUserInformation": about})


@route("GET", f"{BASE}/agents")
def agents(call: Call) -> Response:
    if READ not in gate.authenticated(call).scopes:
        return empty(status=403)
    party = call.request.args.get("party", "")
    if party not in call.state.organisations:
        return empty(status=404)
    rows = [u for u in call.state.system_users.values() if u.kind == "agent" and u.orgnr == party and not u.deleted]
    return as_json([{**shown(call, u), "accessPackages": [{"urn": urn} for urn in u.packages]} for u in rows])


@route("GET", f"{BASE}/clients/available")
def available(call: Call) -> Response:
    user = _agent(call, READ)
    return _rows(call, user, [o for o in call.state.organisations.values() if _qualifies(user, o)])


@route("GET", f"{BASE}/clients")
def attached(call: Call) -> Response:
    user = _agent(call, READ)
    return _rows(call, user, [call.state.organisations[orgnr] for orgnr in user.clients])


@route("POST", f"{BASE}/clients")
def attach(call: Call) -> Response:
    user, client = _agent(call, WRITE), _client(call)
    if not _qualifies(user, client):
        raise refuse("AUTH-00080")
    if client.orgnr not in user.clients:
        user.clients.append(client.orgnr)
    return as_json({"agent": user.id, "client": client.party_uuid})


@route("DELETE", f"{BASE}/clients")
def detach(call: Call) -> Response:
    user, client = _agent(call, WRITE), _client(call)
    if client.orgnr in user.clients:
        user.clients.remove(client.orgnr)
    return as_json({"agent": user.id, "client": client.party_uuid})
