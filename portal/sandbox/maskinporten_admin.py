"""Maskinporten's self-service API: clients, their keys, and the open list of scopes.

https://docs.digdir.no/docs/idporten/oidc/oidc_api_admin. Known to differ: any bearer token opens it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from .app import Call
from .control_input import not_found, wrong
from .replies import Reply, as_json, empty
from .routing import route
from .state import Client

BASE = "/maskinporten/admin"
KEY_LIFE = timedelta(days=365)
MOST_KEYS = 5


@route("GET", f"{BASE}/scopes/all")
@route("GET", f"{BASE}/api/v1/scopes/all")
def scopes(call: Call) -> Response:
    known = sorted({scope for client in call.state.clients.values() for scope in client.scopes})
    return as_json([{"name": scope, "at_max_age": 3600, "visibility": "PUBLIC"} for scope in known])


def _authorised(call: Call) -> None:
    if not call.request.headers.get("Authorization", "").startswith("Bearer "):
        raise Reply(empty(status=401))


@route("GET", f"{BASE}/clients")
def clients(call: Call) -> Response:
    _authorised(call)
    return as_json([_shown(client) for client in call.state.clients.values() if client.active])


@route("POST", f"{BASE}/clients")
def create(call: Call) -> Response:
    _authorised(call)
    said = _object(call)
    client = Client(client_id=call.state.uuid4(), orgnr=str(said.get("client_orgno") or ""))
    _fill(client, said)
    call.state.clients[client.client_id] = client
    return as_json(_shown(client), status=201)


@route("GET", f"{BASE}/clients/<client_id>")
def read(call: Call, client_id: str) -> Response:
    _authorised(call)
    return as_json(_shown(_client(call, client_id)))


@route("PUT", f"{BASE}/clients/<client_id>")
def replace(call: Call, client_id: str) -> Response:
    _authorised(call)
    client = _client(call, client_id)
    _fill(client, _object(call))
    return as_json(_shown(client))


@route("DELETE", f"{BASE}/clients/<client_id>")
def deactivate(call: Call, client_id: str) -> Response:
    _authorised(call)
    _client(call, client_id).active = False
    return empty(status=204)


@route("GET", f"{BASE}/clients/<client_id>/jwks")
def keys(call: Call, client_id: str) -> Response:
    _authorised(call)
    return as_json({"keys": _client(call, client_id).keys})


@route("POST", f"{BASE}/clients/<client_id>/jwks")
@route("PUT", f"{BASE}/clients/<client_id>/jwks")
def replace_keys(call: Call, client_id: str) -> Response:
    """The whole set is replaced: rotation posts old and new together."""
    _authorised(call)
    client = _client(call, client_id)
    put_keys(call, client, _object(call).get("keys"))
    return as_json({"keys": client.keys}, status=201)


def put_keys(call: Call, client: Client, given: Any) -> None:
    """Check and store public keys; each lives a year from now. Raises Reply (400)."""
    if not isinstance(given, list) or len(given) > MOST_KEYS:
        raise wrong(f"keys: give a list of at most {MOST_KEYS} JWKs.", field="keys")
    for key in given:
        _check_key(key)
    client.keys = [{name: key[name] for name in ("kty", "n", "e", "kid", "use", "alg") if name in key} for key in given]
    client.key_expires = {key["kid"]: call.now + KEY_LIFE for key in given}


def _check_key(key: Any) -> None:
    if (
        not isinstance(key, dict)
        or key.get("kty") != "RSA"
        or not all(isinstance(key.get(m), str) for m in ("n", "e", "kid"))
    ):
        raise wrong("keys: each must be an RSA JWK with n, e and kid.", field="keys")
    if "d" in key:
        raise wrong("keys: a private key was sent; send the public half only.", field="keys")


def _fill(client: Client, said: dict[str, Any]) -> None:
    client.name = str(said.get("client_name") or client.name)
    client.description = str(said.get("description") or client.description)
    given = said.get("scopes", client.scopes)
    if not isinstance(given, list) or not all(isinstance(scope, str) for scope in given):
        raise wrong("scopes: give a list of scope names.", field="scopes")
    client.scopes = list(given)


def _object(call: Call) -> dict[str, Any]:
    try:
        said = call.body()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise wrong("The body is not a JSON object.")
    return said


def _client(call: Call, client_id: str) -> Client:
    client = call.state.clients.get(client_id)
    if client is None:
        raise not_found("client", client_id)
    return client


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
