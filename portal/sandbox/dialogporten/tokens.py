"""Dialog tokens: EdDSA, ten minutes, for the service owner's own addresses. The keys are of this sandbox alone."""

from __future__ import annotations

import base64
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from werkzeug.wrappers import Response

from ..kernel import Call, Kernel
from ..replies import as_json
from ..routing import route
from ..tokens import unix
from . import access
from .records import Dialog

LIFE_SECONDS = 600
KIDS = ("dialogporten-1", "dialogporten-2")


def _keys(sandbox: Kernel) -> list[Ed25519PrivateKey]:
    """Two keys, stored with the data so that tokens are valid after a restart."""
    saved = sandbox.state.extra.setdefault("dialog_token_keys", [])
    while len(saved) < len(KIDS):
        saved.append(base64.b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode())
    return [Ed25519PrivateKey.from_private_bytes(base64.b64decode(text)) for text in saved]


def issuer(sandbox: Kernel) -> str:
    return f"{sandbox.origin}{access.BASE}"


def issue(call: Call, dialog: Dialog, reader: access.Reader) -> str:
    now = unix(call.token_time)
    claims: dict[str, Any] = {
        "iss": issuer(call.sandbox), "jti": call.state.uuid4(), "iat": now, "nbf": now, "exp": now + LIFE_SECONDS,
        "l": access.LEVEL, "c": f"urn:altinn:organization:identifier-no:{reader.token.orgnr}", "y": reader.urn,
        "o": f"urn:altinn:organization:identifier-no:{reader.token.system_user_orgnr}", "p": dialog.party,
        "s": dialog.resource, "i": dialog.id, "a": "read;write",
    }  # fmt: skip
    if reader.token.supplier:
        claims["u"] = f"urn:altinn:organization:identifier-no:{reader.token.supplier}"
    return jwt.encode(claims, _keys(call.sandbox)[0], algorithm="EdDSA", headers={"kid": KIDS[0]})


@route("GET", f"{access.BASE}/.well-known/jwks.json")
def jwks(call: Call) -> Response:
    access.json_only(call)
    raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
    publics = [key.public_key().public_bytes(*raw) for key in _keys(call.sandbox)]
    keys = [
        {"kty": "OKP", "use": "sig", "crv": "Ed25519", "kid": kid, "alg": "EdDSA",
         "x": base64.urlsafe_b64encode(public).decode().rstrip("=")}
        for kid, public in zip(KIDS, publics, strict=True)
    ]  # fmt: skip
    return as_json({"keys": keys}, headers={"Cache-Control": "public, max-age=86400"})


@route("GET", f"{access.BASE}/.well-known/oauth-authorization-server")
def metadata(call: Call) -> Response:
    access.json_only(call)
    document = {"issuer": issuer(call.sandbox), "jwks_uri": f"{issuer(call.sandbox)}/.well-known/jwks.json"}
    return as_json(document, headers={"Cache-Control": "public, max-age=86400"})
