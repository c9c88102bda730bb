"""Digdir's self-service API: the vendor's Maskinporten clients, and the public keys of each.

https://docs.digdir.no/docs/idporten/oidc/oidc_api_admin

The token is that of an admin client with scopes idporten:dcr.read, .modify or .write. `replace_keys` replaces the whole set: a
caller reads it first and sends back every key that is to stay, as it was read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from portal.gateways.decoding import decode
from portal.gateways.http import Channel

SCOPES = ("idporten:dcr.read", "idporten:dcr.modify", "idporten:dcr.write")
TERMS_UNSIGNED = "PRECONDITION_REQUIRED"
"""The code of the refusal when the organisation has not signed Digdir's terms of use, or is unknown there."""
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
MASKINPORTEN = "maskinporten"


@dataclass(frozen=True)
class RemoteClient:
    """A client as Digdir has it."""

    client_id: str
    name: str
    orgnr: str
    scopes: tuple[str, ...]
    integration_type: str
    is_active: bool


@dataclass(frozen=True)
class RemoteKey:
    """A public key in the set of a client. `jwk` is exactly what Digdir gave, to be sent back unchanged."""

    kid: str
    jwk: dict[str, Any]

    def has_modulus_of(self, jwk: dict[str, Any]) -> bool:
        """Whether it is the same key, whatever it is called."""
        return all(self.jwk.get(name) == jwk.get(name) for name in ("n", "e"))


class SelfService:
    """Every method raises Unavailable, Refused and BrokenReply."""

    def __init__(self, *, base_url: str) -> None:
        self._channel = Channel(service="digdir", base_url=base_url)

    def clients(self, *, token: str) -> list[RemoteClient]:
        reply = self._channel.call("GET", "/clients", token=token)
        return decode(reply.where, lambda: [_client(entry) for entry in reply.json()])

    def create_client(self, *, token: str, name: str, description: str, scopes: Iterable[str]) -> RemoteClient:
        """Not repeatable: each call makes another client. Refused TERMS_UNSIGNED: see there."""
        payload = {
            "client_name": name,
            "description": description,
            "integration_type": MASKINPORTEN,
            "token_endpoint_auth_method": "private_key_jwt",
            "grant_types": [GRANT_TYPE],
            "scopes": list(scopes),
        }
        reply = self._channel.call("POST", "/clients", token=token, json=payload)
        return decode(reply.where, lambda: _client(reply.json()))

    def keys(self, *, token: str, client_id: str) -> list[RemoteKey]:
        """The whole set of the client."""
        reply = self._channel.call("GET", _jwks(client_id), token=token)
        return decode(reply.where, lambda: _keys(reply.json()))

    def replace_keys(self, *, token: str, client_id: str, keys: Iterable[dict[str, Any]]) -> list[RemoteKey]:
        """The client has these keys afterwards and no others, each for a year from now. Returns the set as Digdir has it.

        New keys work within about two minutes.
        """
        reply = self._channel.call("PUT", _jwks(client_id), token=token, json={"keys": list(keys)})
        return decode(reply.where, lambda: _keys(reply.json()))


def _jwks(client_id: str) -> str:
    return f"/clients/{quote(client_id, safe='')}/jwks"


def _client(payload: dict[str, Any]) -> RemoteClient:
    return RemoteClient(
        client_id=str(payload["client_id"]),
        name=str(payload.get("client_name") or ""),
        orgnr=str(payload.get("client_orgno") or ""),
        scopes=tuple(map(str, payload.get("scopes") or [])),
        integration_type=str(payload.get("integration_type") or ""),
        is_active=payload.get("active") is not False,
    )


def _keys(payload: dict[str, Any]) -> list[RemoteKey]:
    return [RemoteKey(str(jwk.get("kid") or ""), dict(jwk)) for jwk in payload["keys"]]
