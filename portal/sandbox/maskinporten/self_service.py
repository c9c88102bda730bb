"""Maskinporten's self-service API: clients, their keys, and the open list of scopes.

https://docs.digdir.no/docs/idporten/oidc/oidc_api_admin . A token with a scope idporten:dcr.* gives access to the clients
of its own organisation (idporten:dcr.supplier: to all clients). Known to differ: error bodies, the status 428 for unsigned
terms, and which of .modify and .write a call needs; any scope may be put on a client; a key's alg need not be the one it signs with.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import jwt
import msgspec
from werkzeug.wrappers import Response

from ..control.input import not_found, wrong
from ..kernel import Call
from ..orgnr import is_orgnr
from ..replies import Reply, as_json, empty
from ..routing import route
from ..state import Client
from ..tokens import BadToken, Token, read_token

BASE = "/maskinporten/admin"
KEY_LIFE = timedelta(days=365)
MAX_KEYS = 5
MIN_BITS = 2048
PUBLIC = ("kty", "n", "e", "kid", "use", "alg")
PRIVATE = ("d", "p", "q", "dp", "dq", "qi")
READ = ("idporten:dcr.read", "idporten:dcr.modify", "idporten:dcr.write")
MODIFY, WRITE = READ[1:], READ[2:]
SUPPLIER = "idporten:dcr.supplier"


@route("GET", f"{BASE}/scopes/all")
@route("GET", f"{BASE}/api/v1/scopes/all")
def scopes(call: Call) -> Response:
    """The public list. In the sandbox it has every scope that a client has."""
    known = sorted({scope for client in call.state.clients.values() for scope in client.scopes})
    return as_json([{"name": scope, "at_max_age": 3600, "visibility": "PUBLIC"} for scope in known])


@route("GET", f"{BASE}/clients")
def clients(call: Call) -> Response:
    token = _token(call, READ)
    return as_json([_shown(client) for client in call.state.clients.values() if client.active and _owns(token, client)])


@route("POST", f"{BASE}/clients")
def create(call: Call) -> Response:
    token = _token(call, WRITE)
    if call.state.settings.terms_unsigned:
        raise _unsigned()
    payload = _object(call)
    client = Client(client_id=call.state.uuid4(), orgnr=_owner(token, payload))
    _fill(client, payload)
    call.state.clients[client.client_id] = client
    return as_json(_shown(client), status=201)


@route("GET", f"{BASE}/clients/<client_id>")
def read(call: Call, client_id: str) -> Response:
    return as_json(_shown(_client(call, client_id, READ)))


@route("PUT", f"{BASE}/clients/<client_id>")
def replace(call: Call, client_id: str) -> Response:
    client = _client(call, client_id, MODIFY)
    _fill(client, _object(call))
    return as_json(_shown(client))


@route("DELETE", f"{BASE}/clients/<client_id>")
def deactivate(call: Call, client_id: str) -> Response:
    _client(call, client_id, WRITE).active = False
    return empty(status=204)


@route("GET", f"{BASE}/clients/<client_id>/jwks")
def keys(call: Call, client_id: str) -> Response:
    return as_json({"keys": _client(call, client_id, READ).keys})


@route("POST", f"{BASE}/clients/<client_id>/jwks")
@route("PUT", f"{BASE}/clients/<client_id>/jwks")
def replace_keys(call: Call, client_id: str) -> Response:
    """Replaces the whole set: a rotation posts old and new keys together."""
    client = _client(call, client_id, MODIFY)
    put_keys(call, client, _object(call).get("keys"))
    return as_json({"keys": client.keys}, status=201 if call.request.method == "POST" else 200)


def _unsigned() -> Reply:
    text = "The terms of use are not signed by the organisation. Contact servicedesk@digdir.no"
    return Reply(as_json({"error": "PRECONDITION_REQUIRED", "error_description": text}, status=428))


def _token(call: Call, scopes: tuple[str, ...]) -> Token:
    try:
        token = read_token(call, issuers=("maskinporten",))
    except BadToken as error:
        raise Reply(as_json({"error": "invalid_token", "error_description": str(error)}, status=401)) from None
    if not token.scopes & set(scopes):
        needed = f"The token needs one of the scopes {' '.join(scopes)}"
        raise Reply(as_json({"error": "insufficient_scope", "error_description": needed}, status=403))
    return token


def _owns(token: Token, client: Client) -> bool:
    return client.orgnr == token.orgnr or SUPPLIER in token.scopes


def _owner(token: Token, payload: dict[str, Any]) -> str:
    """The organisation of a new client: that of the token, or with the supplier scope the given one."""
    named = payload.get("client_orgno") or token.orgnr
    if not is_orgnr(str(named)):
        raise wrong("client_orgno: is not an organisation number with a right check digit.", field="client_orgno")
    if named != token.orgnr and SUPPLIER not in token.scopes:
        raise wrong(f"client_orgno: only with the scope {SUPPLIER}.", field="client_orgno", status=403)
    return str(named)


def _client(call: Call, client_id: str, scopes: tuple[str, ...]) -> Client:
    token = _token(call, scopes)
    client = call.state.clients.get(client_id)
    if client is None or not _owns(token, client):
        raise not_found("client", client_id)
    return client


def put_keys(call: Call, client: Client, given: Any) -> None:
    """Check and store public keys. Each is valid for a year; posting a key again renews it. Raises Reply (400)."""
    if not isinstance(given, list) or len(given) > MAX_KEYS:
        raise wrong(f"keys: give a list of at most {MAX_KEYS} JWKs.", field="keys")
    for key in given:
        _check_key(key, "keys")
    if len({key["kid"] for key in given}) < len(given):
        raise wrong("keys: two have the same kid.", field="keys")
    client.key_works_at = {key["kid"]: at for key in given if (at := _works_at(call, client, key["kid"]))}
    client.keys = [_public(key) for key in given]
    client.key_expires = {key["kid"]: call.now + KEY_LIFE for key in given}


def _works_at(call: Call, client: Client, kid: str) -> datetime | None:
    """A key that is posted again keeps working; a new one works after the delay, if there is one."""
    delay = call.state.settings.key_delay_seconds
    if kid in client.key_expires:
        return client.key_works_at.get(kid)
    return call.now + timedelta(seconds=delay) if delay else None


def add_key(call: Call, client: Client, given: Any) -> tuple[str, bool]:
    """Add one public key to those of the client. The same key again is renewed.

    Returns its kid (generated when missing) and whether it is new. Raises Reply: 400, or 409 for a kid in use.
    """
    key = {**given, "kid": given.get("kid") or call.state.uuid4()} if isinstance(given, dict) else given
    _check_key(key, "jwk")
    kid = str(key["kid"])
    known = next((one for one in client.keys if one["kid"] == kid), None)
    if known is None and len(client.keys) >= MAX_KEYS:
        raise wrong(f"jwk: the client has {MAX_KEYS} keys, which is the most. Take one away first.", field="jwk")
    if known is not None and any(known[name] != key[name] for name in ("n", "e")):
        raise wrong(f"jwk: the client has another key with the kid {kid}. Give the new one another kid.", "jwk", 409)
    if at := _works_at(call, client, kid):
        client.key_works_at[kid] = at
    client.keys = [*(one for one in client.keys if one is not known), _public(key)]
    client.key_expires[kid] = call.now + KEY_LIFE
    return kid, known is None


def remove_key(client: Client, kid: str) -> None:
    """Raises Reply (404)."""
    if kid not in client.key_expires:
        raise not_found("key", kid)
    client.keys = [key for key in client.keys if key["kid"] != kid]
    del client.key_expires[kid]
    client.key_works_at.pop(kid, None)


def _public(key: dict[str, Any]) -> dict[str, Any]:
    return {name: key[name] for name in PUBLIC if name in key}


def _check_key(key: Any, field: str) -> None:
    if not isinstance(key, dict) or key.get("kty") != "RSA":
        raise wrong(f"{field}: only RSA keys are taken, as JWKs.", field)
    if any(name in key for name in PRIVATE):
        raise wrong(f"{field}: a private key was sent; send the public half only.", field)
    if not all(isinstance(key.get(name), str) for name in ("n", "e", "kid")):
        raise wrong(f"{field}: n, e and kid are needed, as texts.", field)
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,255}", key["kid"]):
        raise wrong(f"{field}: kid may have letters, digits, full stop, underscore and hyphen.", field)
    if key.get("use", "sig") != "sig" or key.get("alg", "RS256") not in ("RS256", "RS384", "RS512"):
        raise wrong(f"{field}: use must be sig, and alg one of RS256, RS384, RS512.", field)
    if _bits(key, field) < MIN_BITS:
        raise wrong(f"{field}: an RSA key of at least {MIN_BITS} bits is needed.", field)


def _bits(key: dict[str, Any], field: str) -> int:
    try:
        return int(jwt.PyJWK({name: key[name] for name in ("kty", "n", "e")}, algorithm="RS256").key.key_size)
    except (jwt.PyJWTError, ValueError, TypeError):
        raise wrong(f"{field}: n and e do not make an RSA key.", field) from None


def _fill(client: Client, payload: dict[str, Any]) -> None:
    client.name = str(payload.get("client_name") or client.name)
    client.description = str(payload.get("description") or client.description)
    if payload.get("integration_type", "maskinporten") != "maskinporten":
        raise wrong("integration_type: must be maskinporten.", field="integration_type")
    given = payload.get("scopes", client.scopes)
    if not isinstance(given, list) or not all(isinstance(scope, str) for scope in given):
        raise wrong("scopes: give a list of scope names.", field="scopes")
    client.scopes = list(given)


def _object(call: Call) -> dict[str, Any]:
    try:
        payload = call.body()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        payload = None
    if not isinstance(payload, dict):
        raise wrong("The body is not a JSON object.")
    return payload


def _shown(client: Client) -> dict[str, Any]:
    return {
        "client_id": client.client_id,
        "client_name": client.name,
        "client_orgno": client.orgnr,
        "description": client.description,
        "integration_type": "maskinporten",
        "token_endpoint_auth_method": "private_key_jwt",
        "grant_types": ["urn:ietf:params:oauth:grant-type:jwt-bearer"],
        "scopes": client.scopes,
        "access_token_lifetime": client.token_lifetime,
        "active": client.active,
    }
