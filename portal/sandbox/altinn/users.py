"""System users as the vendor sees them, the look-up for Maskinporten, and the token exchange.

https://docs.altinn.studio/api/authentication/ . The exchanged token is valid for thirty minutes, whatever its source.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from typing import Any

from werkzeug.wrappers import Response

from ..kernel import Call
from ..replies import as_json, as_text, empty
from ..routing import route
from ..state import Client, SystemUser
from ..tokens import Token, unix
from . import authorisation, lookup
from .problems import malformed, refuse
from .requests import page, page_token

USER = f"{authorisation.AUTH}/systemuser"
EXCHANGED_SECONDS = 30 * 60
SERVICE_OWNERS = {"974761076": "skd", "991825827": "digdir"}
MASKINPORTEN_SCOPE = "altinn:maskinporten/systemuser.read"


def shown(call: Call, user: SystemUser, *, product: str = "") -> dict[str, Any]:
    return {
        "id": user.id, "integrationTitle": user.title, "systemId": user.system_id, "productName": product,
        "reporteeOrgNo": user.orgnr, "created": user.created, "isDeleted": user.deleted, "supplierName": "",
        "supplierOrgno": call.state.systems[user.system_id].orgnr, "externalRef": user.external_ref,
        "userType": user.kind,
    }  # fmt: skip


@route("GET", f"{USER}/vendor/byquery")
def by_query(call: Call) -> Response:
    orgnr = authorisation.vendor(call, authorisation.REQUEST_WRITE)
    args = call.request.args
    triple = (args.get("system-id", ""), args.get("orgno", ""), args.get("external-ref") or args.get("orgno", ""))
    user = lookup.live_user(call.state, triple)
    if user is None or call.state.systems[user.system_id].orgnr != orgnr:
        return empty(status=404)
    return as_json(shown(call, user))


@route("GET", f"{USER}/vendor/bysystem/<system_id>")
def by_system(call: Call, system_id: str) -> Response:
    orgnr = authorisation.vendor(call, authorisation.REGISTER)
    system = call.state.systems.get(system_id)
    if system is None or system.orgnr != orgnr:
        raise refuse("AUTH-00011")
    start, size = page_token(call, int) or 0, call.state.settings.page_size
    rows = list(islice(_live_from(call, system_id, start), size + 1))
    following = rows[size].seq if len(rows) > size else None
    return as_json(page([shown(call, u) for u in rows[:size]], following, call))


def _live_from(call: Call, system_id: str, start: int) -> Iterator[SystemUser]:
    """The live system users of a system by sequence number, from `start` on."""
    rows = _ordered(call).get(system_id, [])
    for _, ident in islice(rows, bisect_left(rows, (start, "")), None):
        user = call.state.system_users[ident]
        if not user.deleted:
            yield user


def _ordered(call: Call) -> dict[str, list[tuple[int, str]]]:
    """(sequence number, id) of every system user by system; sorted again only when there are more of them."""
    users = call.state.system_users
    known: dict[str, list[tuple[int, str]]]
    count, known = call.sandbox.caches.get("users_by_system", (-1, {}))
    if count != len(users):
        known = defaultdict(list)
        for user in sorted(users.values(), key=lambda u: u.seq):
            known[user.system_id].append((user.seq, user.id))
        call.sandbox.caches["users_by_system"] = (len(users), dict(known))
    return known


@route("GET", f"{USER}/byExternalId")
def by_external_id(call: Call) -> Response:
    token = authorisation.authenticated(call)
    if MASKINPORTEN_SCOPE not in token.scopes:
        return empty(status=403)
    args = call.request.args
    needed = {name: args.get(name, "") for name in ("clientId", "systemProviderOrgNo", "systemUserOwnerOrgNo")}
    if not all(needed.values()):
        return malformed(**{name: [f"The {name} field is required."] for name, value in needed.items() if not value})
    client = Client(client_id=needed["clientId"], orgnr=needed["systemProviderOrgNo"])
    user = lookup.by_external_id(call.state, client, needed["systemUserOwnerOrgNo"], args.get("externalRef", ""))
    return as_json(shown(call, user, product=user.system_id)) if user else empty(status=404)


@route("GET", f"{authorisation.AUTH}/exchange/<provider>")
def exchange(call: Call, provider: str) -> Response:
    """A quoted JWT with the claims copied. Enterprise users were removed with Altinn 2: 410."""
    if not call.request.headers.get("Authorization"):
        return empty(status=401)
    if provider not in ("maskinporten", "id-porten"):
        return as_text(f"Invalid token provider: {provider[:60]}.", status=400)
    token = authorisation.authenticated(call, issuers=("maskinporten",), leeway=10)
    if provider == "id-porten" or not token.orgnr:
        return empty(status=401)
    if call.request.headers.get("X-Altinn-EnterpriseUser-Authentication"):
        gone = {"title": "Enterprise users are no longer supported.", "status": 410}
        return as_json(gone, status=410, content_type="application/problem+json")
    return as_json(call.sandbox.signing_keys["altinn"].sign(_altinn_claims(call, token)))


def _altinn_claims(call: Call, token: Token) -> dict[str, Any]:
    now = unix(call.token_time)
    claims = {
        **token.claims,
        "iss": call.sandbox.issuers()["altinn"],
        "iat": now,
        "exp": now + EXCHANGED_SECONDS,
        "urn:altinn:orgNumber": token.orgnr,
        "urn:altinn:authenticatemethod": "maskinporten",
        "urn:altinn:authlevel": 3,
    }
    owner = SERVICE_OWNERS.get(token.orgnr)
    if owner and any(scope.startswith("altinn:serviceowner") for scope in token.scopes):
        is_test = owner == "digdir" and call.request.args.get("test", "").lower() == "true"
        claims["urn:altinn:org"] = "ttd" if is_test else owner
    return claims


@route("DELETE", f"{USER}/<party>/<user_id>")
def delete_as_vendor(call: Call, party: str, user_id: str) -> Response:
    """Only persons of the customer can delete it; a token of a vendor is always refused."""
    authorisation.authenticated(call)
    return empty(status=403)


@route("GET", f"{authorisation.AUTH}/openid/.well-known/openid-configuration")
def openid(call: Call) -> Response:
    issuer = call.sandbox.issuers()["altinn"]
    return as_json({"issuer": issuer, "jwks_uri": f"{issuer}.well-known/openid-configuration/jwks"})


@route("GET", f"{authorisation.AUTH}/openid/.well-known/openid-configuration/jwks")
def openid_keys(call: Call) -> Response:
    return as_json({"keys": [call.sandbox.signing_keys["altinn"].public_jwk]})
