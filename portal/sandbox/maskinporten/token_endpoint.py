"""Maskinporten's token endpoint: verifies the grant, finds the system user, and issues a token that verifies on /jwk.

Known to differ: certificates (x5c) and delegated scopes (consumer_org) are refused, since the sandbox has none; texts
of error_description are the sandbox's own. Unverified are the code for a grant that lives over 120 s (MP-130 here), the
name of the MP-301/302 error, and that unknown claims are refused. The maximum age of a scope does not shorten tokens.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import jwt
from werkzeug.wrappers import Response

from ..altinn.lookup import by_external_id
from ..kernel import Call
from ..replies import Reply, as_json
from ..routing import route
from ..state import Client, SystemUser
from ..tokens import ORG_AUTHORITY, SYSTEM_USER_TYPE, organisation, orgnr_of, unix

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
ALGORITHMS = ["RS256", "RS384", "RS512"]
KNOWN_CLAIMS = {
    "aud", "iss", "scope", "iat", "exp", "jti", "nbf", "resource", "consumer_org", "iss_onbehalfof", "pid", "sub",
    "authorization_details",
}  # fmt: skip
MAX_SECONDS = 120
SKEW = 10
LAST_SECOND = 10**12
NAMES = {
    "011": (400, "invalid_request"), "012": (400, "invalid_grant"), "100": (400, "invalid_grant"),
    "110": (400, "invalid_grant"), "120": (400, "invalid_grant"), "121": (400, "invalid_grant"),
    "123": (400, "invalid_grant"), "124": (400, "invalid_grant"), "130": (400, "invalid_grant"),
    "200": (400, "invalid_scope"), "250": (403, "forbidden"), "251": (403, "forbidden"),
    "301": (400, "invalid_authorization_details"), "302": (400, "invalid_authorization_details"),
    "303": (400, "invalid_altinn_customer_configuration"),
}  # fmt: skip


@route("GET", "/maskinporten/.well-known/oauth-authorization-server")
def metadata(call: Call) -> Response:
    issuer = call.sandbox.issuers()["maskinporten"]
    return as_json(
        {
            "issuer": issuer,
            "token_endpoint": f"{issuer}token",
            "jwks_uri": f"{issuer}jwk",
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "grant_types_supported": [GRANT_TYPE],
            "token_endpoint_auth_signing_alg_values_supported": ALGORITHMS,
            "authorization_details_types_supported": [SYSTEM_USER_TYPE],
        }
    )


@route("GET", "/maskinporten/jwk")
def jwk(call: Call) -> Response:
    return as_json({"keys": [call.sandbox.signing_keys["maskinporten"].public_jwk]})


@route("POST", "/maskinporten/token")
def token(call: Call) -> Response:
    form = call.request.form
    if form.get("grant_type") != GRANT_TYPE or not form.get("assertion"):
        raise refuse(call, "011", "The request needs grant_type and assertion as form fields")
    assertion = form["assertion"]
    client, claims = _verified(call, assertion)
    _check_times(call, claims)
    _check_unused(call, assertion, claims)
    audience = _audience(call, claims)
    scopes = _scopes(call, client, claims)
    _check_own(call, client, claims)
    details = _details(call, client, claims)
    granted: dict[str, Any] = {"scope": " ".join(scopes), **audience, **details}
    issued = _issue(call, client, granted)
    _mark_used(call, assertion, claims)
    return as_json(
        {
            "access_token": issued,
            "token_type": "Bearer",
            "expires_in": client.token_lifetime - 1,
            "scope": granted["scope"],
        }
    )


def refuse(call: Call, code: str, text: str, *, name: str = "") -> Reply:
    """To raise. The MP code is only in error_uri, as in the real service."""
    status, error = NAMES.get(code, (400, "invalid_grant"))
    trace = hashlib.sha256(str(call.state.sequence()).encode()).hexdigest()[:32]
    body = {"error": name or error, "error_description": f"{text} (trace_id: {trace})"}
    if code:
        body["error_uri"] = f"{call.sandbox.issuers()['maskinporten']}errors/MP-{code}"
    return Reply(as_json(body, status=status))


def _verified(call: Call, assertion: str) -> tuple[Client, dict[str, Any]]:
    try:
        header = jwt.get_unverified_header(assertion)
        unverified = jwt.decode(assertion, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        raise refuse(call, "011", "The assertion is not a JWT") from None
    client = call.state.clients.get(str(unverified.get("iss")))
    if client is None or not client.active:
        raise refuse(call, "100", "Client authentication failed: the client is unknown")
    if header.get("alg") not in ALGORITHMS:
        raise refuse(call, "124", "The algorithm is not one of RS256, RS384, RS512")
    key = _key(call, client, header)
    options: Any = {f"verify_{name}": False for name in ("exp", "aud", "iat", "nbf", "sub", "jti")}
    try:
        claims: dict[str, Any] = jwt.decode(
            assertion, jwt.PyJWK(key, algorithm=header["alg"]).key, algorithms=ALGORITHMS,
            options=options,
        )  # fmt: skip
    except jwt.InvalidTokenError:
        raise refuse(call, "124", "The signature of the assertion is invalid") from None
    if claims.get("aud") != call.sandbox.issuers()["maskinporten"]:
        raise refuse(call, "110", "The audience is not this issuer")
    return client, claims


def _key(call: Call, client: Client, header: dict[str, Any]) -> dict[str, Any]:
    kid = header.get("kid")
    if "x5c" in header:
        raise _refused_certificate(call, header)
    if not kid:
        raise refuse(call, "", "The client has registered keys, so the header needs a kid")
    key = next((k for k in client.keys if k.get("kid") == kid), None)
    if key is None or call.now < client.key_works_at.get(kid, call.now):
        raise refuse(call, "", "Unknown kid for this client")
    expires = client.key_expires.get(kid)
    if expires and expires <= call.now:
        raise refuse(call, "121", "The key has expired")
    return key


def _refused_certificate(call: Call, header: dict[str, Any]) -> Reply:
    if "kid" in header:
        return refuse(call, "011", "The header may have either kid or x5c, not both")
    if not isinstance(header["x5c"], list):
        return refuse(call, "123", "x5c must be an array")
    return refuse(call, "120", "The certificate is not valid")


def _check_times(call: Call, claims: dict[str, Any]) -> None:
    if not _is_time(claims.get("iat")) or not _is_time(claims.get("exp")):
        raise refuse(call, "011", "iat and exp are required, in seconds")
    now, issued, expires = call.token_time.timestamp(), claims["iat"], claims["exp"]
    if issued > now + SKEW:
        raise refuse(call, "", "The issue time of the grant is in the future")
    if expires <= now or issued < now - MAX_SECONDS - SKEW:
        raise refuse(call, "130", "The grant has expired")
    if issued < now - SKEW:
        raise refuse(call, "", "The issue time of the grant is too far in the past")
    if expires - issued > MAX_SECONDS:
        raise refuse(call, "130", f"The grant lives longer than {MAX_SECONDS} seconds")
    unknown = set(claims) - KNOWN_CLAIMS
    if unknown:
        raise refuse(call, "011", f"Unknown claims: {' '.join(sorted(unknown))}")


def _is_time(value: Any) -> bool:
    """A number of seconds within a range that a calendar can represent."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -LAST_SECOND < value < LAST_SECOND


def _marks(assertion: str, claims: dict[str, Any]) -> list[str]:
    digest = hashlib.sha256(assertion.encode()).hexdigest()
    return [digest, f"{claims.get('iss')}:{claims['jti']}"] if claims.get("jti") else [digest]


def _check_unused(call: Call, assertion: str, claims: dict[str, Any]) -> None:
    if any(mark in call.state.used_jtis for mark in _marks(assertion, claims)):
        raise refuse(call, "012", "The grant or its jti has been used before")


def _mark_used(call: Call, assertion: str, claims: dict[str, Any]) -> None:
    used, now = call.state.used_jtis, call.token_time.timestamp()
    for mark in _marks(assertion, claims):
        used[mark] = now
    while used and next(iter(used.values())) < now - 2 * MAX_SECONDS:
        used.pop(next(iter(used)))


def _scopes(call: Call, client: Client, claims: dict[str, Any]) -> list[str]:
    wanted = str(claims.get("scope") or "").split()
    if not wanted:
        raise refuse(call, "011", "scope is required")
    missing = [scope for scope in wanted if scope not in client.scopes]
    if missing:
        raise refuse(call, "200", f"Scopes not registered on the client: {' '.join(missing)}")
    if client.granted_scopes is not None:
        ungranted = [scope for scope in wanted if scope not in client.granted_scopes]
        if ungranted:
            raise refuse(call, "250", f"The consumer has not been granted access to the scopes: {' '.join(ungranted)}")
    return wanted


def _audience(call: Call, claims: dict[str, Any]) -> dict[str, Any]:
    """`resource` limits where the token is valid. Without it the token has no aud."""
    wanted = claims.get("resource")
    if wanted is None:
        return {}
    if not isinstance(wanted, list) or not all(isinstance(entry, str) for entry in wanted):
        raise refuse(call, "011", "resource must be an array of strings")
    return {"aud": wanted}


def _check_own(call: Call, client: Client, claims: dict[str, Any]) -> None:
    """Refuse scopes that another organisation delegated: the sandbox has none. Raises Reply."""
    consumer = claims.get("consumer_org", claims.get("iss_onbehalfof"))
    if consumer == client.orgnr:
        raise refuse(call, "", "consumer_org is the client's own organisation", name="invalid_request")
    if consumer is not None:
        raise refuse(call, "251", "The consumer has not delegated access to the scope to the supplier")


def _details(call: Call, client: Client, claims: dict[str, Any]) -> dict[str, Any]:
    """The claim that names the system user of the token; {} when none is requested."""
    requested = claims.get("authorization_details")
    if requested is None:
        return {}
    if not isinstance(requested, list) or len(requested) != 1 or not isinstance(requested[0], dict):
        raise refuse(call, "302", "authorization_details must be a list of one object")
    entry = requested[0]
    if entry.get("type") != SYSTEM_USER_TYPE:
        raise refuse(call, "301", "The type of authorization_details is unknown")
    unknown = set(entry) - {"type", "systemuser_org", "externalRef"}
    if unknown:
        raise refuse(call, "302", f"Unknown members of authorization_details: {' '.join(sorted(unknown))}")
    system_user = _system_user(call, client, entry)
    if system_user is None:
        raise refuse(call, "303", "No system user was found for the given organisation")
    return {"authorization_details": [_granted(system_user)]}


def _system_user(call: Call, client: Client, entry: dict[str, Any]) -> SystemUser | None:
    """The system user of the request; None when a value is malformed or does not match."""
    owner, reference = entry.get("systemuser_org"), entry.get("externalRef") or ""
    if not isinstance(owner, dict) or owner.get("authority") != ORG_AUTHORITY or not isinstance(reference, str):
        return None
    if set(owner) != {"authority", "ID"}:
        raise refuse(call, "302", "systemuser_org has the members authority and ID, and no others")
    if not str(owner["ID"]).startswith("0192:"):
        return None
    user = by_external_id(call.state, client, orgnr_of(owner), reference)
    delay = timedelta(seconds=call.state.settings.token_delay_seconds)
    return user if user and call.now >= user.created + delay else None


def _granted(system_user: SystemUser) -> dict[str, Any]:
    return {
        "type": SYSTEM_USER_TYPE,
        "systemuser_id": [system_user.id],
        "systemuser_org": organisation(system_user.orgnr),
        "system_id": system_user.system_id,
    }


def _issue(call: Call, client: Client, granted: dict[str, Any]) -> str:
    now = unix(call.token_time)
    claims: dict[str, Any] = {
        "iss": call.sandbox.issuers()["maskinporten"],
        "client_id": client.client_id,
        "client_amr": "private_key_jwt",
        "token_type": "Bearer",
        "iat": now,
        "exp": now + client.token_lifetime,
        "jti": call.state.uuid4(),
        "consumer": organisation(client.orgnr),
        **granted,
    }
    return call.sandbox.signing_keys["maskinporten"].sign(claims)
