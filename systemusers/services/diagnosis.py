"""Finds the cause of a refusal that has no code of its own, or one code for several causes, by asking once more."""

from __future__ import annotations

from datetime import datetime

from portal.core.problems import code_of
from portal.gateways.errors import GatewayError, Refused
from portal.gateways.maskinporten import organisation_in, read_claims
from systemusers.models import Access, MaskinportenClient
from systemusers.services.access.answers import WRITE
from systemusers.services.keys import NoKey
from systemusers.services.remote import system_register, system_user_requests
from systemusers.services.system_register.entry import SCOPE as REGISTER
from systemusers.services.tokens import NO_SYSTEM_USER, vendor_token

VENDOR_UNKNOWN = "VENDOR_UNKNOWN"
"""Altinn does not have the vendor's number in the environment."""
CLAIMS = {
    "MP-012": "jti", "MP-100": "iss", "MP-110": "aud", "WRONG_AUDIENCE": "aud", "MP-121": "kid", "UNKNOWN_KID": "kid",
    "MISSING_KID": "kid", "MP-124": "kid", "MP-130": "iat, exp", "CLOCK_AHEAD": "iat", "CLOCK_BEHIND": "iat",
    "MP-200": "scope", "MP-201": "scope", "MP-250": "scope", "MP-251": "consumer_org", "MP-301": "authorization_details",
    "MP-302": "authorization_details", "MP-303": "systemuser_org, externalRef", VENDOR_UNKNOWN: "consumer",
    "WRONG_CONSUMER": "consumer", "CLIENT_NOT_ON_SYSTEM": "iss", "SYSTEM_USER_GONE": "systemuser_org, externalRef",
}  # fmt: skip
"""The claim of the grant or token, or the field of its header, that a refusal with this code is about."""


def cause_of_refusal(error: Refused, *, token: str, scope: str, client: MaskinportenClient) -> str:
    """The code of a refusal by Altinn. A 403 without a code is told apart by what the token says.

    A token with the right scope and owner is refused where Altinn does not have the vendor's number in the environment.
    """
    if error.status != 403 or error.code:
        return code_of(error)
    claims = read_claims(token)
    if scope not in str(claims.get("scope") or "").split():
        return "MP-200"
    return VENDOR_UNKNOWN if organisation_in(claims.get("consumer")) == client.orgnr else "WRONG_CONSUMER"


def cause_of_missing(access: Access, *, at: datetime) -> str:
    """Why Maskinporten finds no system user, as Altinn's own lists tell. MP-303 when they do not."""
    try:
        return _by_register(access, at) or _by_system_users(access, at) or NO_SYSTEM_USER
    except (GatewayError, NoKey):
        return NO_SYSTEM_USER


def _by_register(access: Access, at: datetime) -> str:
    system = access.profile.system
    token = vendor_token(client=system.own_client, scopes=(REGISTER,), at=at)
    entry = system_register(system.environment).get(system.system_id, token=token)
    if entry.is_deleted:
        return "SYSTEM_DELETED"
    return "" if system.client.client_id in entry.client_ids else "CLIENT_NOT_ON_SYSTEM"


def _by_system_users(access: Access, at: datetime) -> str:
    system = access.profile.system
    token = vendor_token(client=system.own_client, scopes=(WRITE,), at=at)
    remote = system_user_requests(system.environment).system_user(
        token=token, system_id=system.system_id, orgnr=access.customer.orgnr, external_ref=access.external_ref
    )
    return "" if remote else "SYSTEM_USER_GONE"
