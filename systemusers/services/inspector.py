"""The claims of a token, each with its meaning and whether it is as expected. Nothing is stored, and the token is not returned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.environments import addresses
from portal.gateways.maskinporten import organisation_in, read_claims
from portal.gateways.refusals import IDENTITY_NUMBER
from systemusers.models import Access, MaskinportenClient, SystemUser
from systemusers.services import tokens

MEANINGS = {
    "iss": _("Hvem som har laget tokenet"),
    "client_id": _("Klienten som ba om tokenet"),
    "client_amr": _("Hvordan klienten viste hvem den er"),
    "token_type": _("Hvordan tokenet brukes"),
    "scope": _("Hva tokenet gir lov til å kalle"),
    "iat": _("Når tokenet ble laget"),
    "exp": _("Når tokenet slutter å virke"),
    "jti": _("Tokenets eget nummer"),
    "aud": _("Hvor tokenet kan brukes"),
    "consumer": _("Virksomheten som eier klienten, altså leverandøren"),
    "supplier": _("Leverandøren som bruker et delegert scope"),
    "delegation_source": _("Hvor scopet er delegert"),
    "systemuser_id": _("Systembrukeren i Altinn"),
    "systemuser_org": _("Kunden som har gitt tilgangen"),
    "system_id": _("Systemet i Altinns systemregister"),
    "type": _("Hva slags bruker tokenet gjelder"),
}
"""In the order that they are shown. Other claims follow, without a meaning."""


@dataclass(frozen=True)
class Claim:
    """A claim as text. `is_right`: whether it is as expected, None when nothing is expected; `expected` is then ""."""

    name: str
    value: str
    meaning: str
    is_right: bool | None = None
    expected: str = ""


def inspect_vendor(*, client: MaskinportenClient, scope: str, by: str, at: datetime) -> list[Claim]:
    """Obtains a token of our own. Raises NoKey, TokenRefused, Unavailable, BrokenReply."""
    record(by=by, at=at, target=client, what=AuditType.CLAIMS_SHOWN, scopes=[scope])
    prepared = tokens.prepare_vendor_grant(client=client, scopes=(scope,))
    claims = flat(read_claims(tokens.fetch_token(prepared, at=at, fresh=True)))
    return _compared(claims, {**_common(client, scope), "systemuser_id": "", "systemuser_org": "", "system_id": ""}, at)


def inspect_system_user(*, access: Access, scope: str, by: str, at: datetime) -> list[Claim]:
    """Obtains a token of the customer's system user. Raises AccessMissing too."""
    record(by=by, at=at, target=access, what=AuditType.CLAIMS_SHOWN, scopes=[scope])
    system = access.profile.system
    claims = flat(read_claims(tokens.system_user_token(access=access, scopes=(scope,), at=at, fresh=True)))
    known = SystemUser.objects.filter(access=access).first()
    ours = {"systemuser_org": access.customer.orgnr, "system_id": system.system_id, "type": "urn:altinn:systemuser"}
    if known:
        ours["systemuser_id"] = str(known.altinn_id)
    return _compared(claims, {**_common(system.client, scope), **ours}, at)


def _common(client: MaskinportenClient, scope: str) -> dict[str, str]:
    return {
        "iss": addresses(client.environment).issuer, "client_id": client.client_id, "scope": scope, "consumer": client.orgnr,
    }  # fmt: skip


def flat(claims: dict[str, Any]) -> dict[str, str]:
    """One level of texts: organisations as their number, times as ISO 8601, the members of authorization_details beside the rest."""
    details = claims.get("authorization_details")
    entry = details[0] if isinstance(details, list) and details and isinstance(details[0], dict) else {}
    rest = {name: value for name, value in claims.items() if name != "authorization_details"}
    return {name: _text(name, value) for name, value in {**rest, **entry}.items()}


READERS: dict[str, Callable[[Any], str]] = dict.fromkeys(("consumer", "supplier", "systemuser_org"), organisation_in)


def _text(name: str, value: Any) -> str:
    if name in READERS:
        return READERS[name](value)
    if name in ("iat", "exp", "nbf") and isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC).isoformat()
    text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if name in ("systemuser_id", "jti", "client_id") else IDENTITY_NUMBER.sub("***********", text)


def _compared(claims: dict[str, str], ours: dict[str, str], at: datetime) -> list[Claim]:
    names = [name for name in MEANINGS if name in claims or ours.get(name)]
    names += [name for name in claims if name not in MEANINGS]
    return [_claim(name, claims.get(name, ""), ours, at) for name in names]


def _claim(name: str, value: str, ours: dict[str, str], at: datetime) -> Claim:
    meaning = str(MEANINGS.get(name, ""))
    if name == "exp":
        is_right = bool(value) and datetime.fromisoformat(value) > at
        return Claim(name, value, meaning, is_right, "" if is_right else str(_("Et tidspunkt som ikke er passert")))
    if name not in ours:
        return Claim(name, value, meaning)
    is_right = set(value.split()) == set(ours[name].split())
    return Claim(
        name, value, meaning, is_right, "" if is_right else ours[name] or str(_("Skal ikke stå i dette tokenet"))
    )
