"""The part of `/control` for Maskinporten: clients and their public keys.

A person pastes the public key as in Samarbeidsportalen: one JWK, a list of one, or a JWK set.
"""

from __future__ import annotations

from typing import Any

import msgspec
from werkzeug.wrappers import Response

from ..kernel import Call
from ..maskinporten.self_service import add_key, put_keys, remove_key
from ..replies import as_json, empty
from ..routing import route
from ..state import Client
from .input import check_orgnr, not_found, read, wrong


class ClientBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    client_id: str
    orgnr: str
    scopes: list[str]
    granted_scopes: list[str] | None = None
    jwks: Any = None
    name: str = ""
    token_lifetime: int = 120


class KeyBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    jwk: Any


@route("GET", "/control/clients")
def clients(call: Call) -> Response:
    return as_json([shown(client) for client in call.state.clients.values()])


@route("POST", "/control/clients")
def put_client(call: Call) -> Response:
    """Create or replace a client with its keys."""
    body = read(call, ClientBody)
    check_orgnr(body.orgnr)
    if not body.client_id.strip():
        raise wrong("client_id: must not be empty.", field="client_id")
    if "/" in body.client_id or not body.client_id.isprintable():
        raise wrong("client_id: may have no slash and nothing invisible.", field="client_id")
    if not 10 <= body.token_lifetime <= 7200:
        raise wrong("token_lifetime: must be from 10 to 7200 seconds.", field="token_lifetime")
    for field, scopes in (("scopes", body.scopes), ("granted_scopes", body.granted_scopes or [])):
        if any(scope.split() != [scope] for scope in scopes):
            raise wrong(f"{field}: a scope has no blanks in it; give each one by itself.", field=field)
    client = Client(
        client_id=body.client_id, orgnr=body.orgnr, name=body.name, scopes=body.scopes,
        granted_scopes=body.granted_scopes, token_lifetime=body.token_lifetime,
    )  # fmt: skip
    put_keys(call, client, _keys(body.jwks, "jwks"))
    call.state.clients[client.client_id] = client
    return as_json({"client_id": client.client_id, "kids": [key["kid"] for key in client.keys]}, status=201)


@route("POST", "/control/clients/<client_id>/keys")
def add_client_key(call: Call, client_id: str) -> Response:
    """Add a public key; the client and its other keys stay unchanged. The same key again is renewed for a year."""
    client = _client(call, client_id)
    given = _keys(read(call, KeyBody).jwk, "jwk")
    if not isinstance(given, list) or len(given) != 1:
        raise wrong("jwk: give one key at a time.", field="jwk")
    kid, is_new = add_key(call, client, given[0])
    payload = {"client_id": client_id, "kid": kid, "expires": client.key_expires[kid], "kids": _kids(client)}
    return as_json(payload, status=201 if is_new else 200)


@route("DELETE", "/control/clients/<client_id>/keys/<kid>")
def remove_client_key(call: Call, client_id: str, kid: str) -> Response:
    remove_key(_client(call, client_id), kid)
    return empty(status=204)


@route("POST", "/control/clients/<client_id>/keys/<kid>/expire")
def expire_key(call: Call, client_id: str, kid: str) -> Response:
    client = _client(call, client_id)
    if kid not in client.key_expires:
        raise not_found("key", kid)
    client.key_expires[kid] = call.now
    return empty(status=204)


def shown(client: Client) -> dict[str, Any]:
    """A client as a tester sees it, with the expiry of each key."""
    return {
        "client_id": client.client_id, "orgnr": client.orgnr, "name": client.name, "scopes": client.scopes,
        "granted_scopes": client.granted_scopes, "token_lifetime": client.token_lifetime, "active": client.active,
        "keys": [{"kid": kid, "expires": client.key_expires[kid]} for kid in _kids(client)],
    }  # fmt: skip


def _kids(client: Client) -> list[str]:
    return [key["kid"] for key in client.keys]


def _client(call: Call, client_id: str) -> Client:
    client = call.state.clients.get(client_id)
    if client is None:
        raise not_found("client", client_id)
    return client


def _keys(given: Any, field: str) -> Any:
    """The pasted keys as a list when the form is recognised: a JWK, a list of them, a set, or JSON text."""
    if isinstance(given, str):
        try:
            given = msgspec.json.decode(given)
        except (msgspec.DecodeError, RecursionError):
            raise wrong(f"{field}: is not JSON. Paste the public key as a JWK.", field=field) from None
    if isinstance(given, dict) and "keys" in given:
        return given["keys"]
    return [given] if isinstance(given, dict) and given else given or []
