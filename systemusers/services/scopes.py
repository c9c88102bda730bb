"""The scope check: requests one token for each scope we want, and stores Maskinporten's answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.masking import without_identity_numbers
from portal.core.problems import code_of
from portal.gateways import maskinporten as gateway
from portal.gateways.errors import Refused
from portal.gateways.maskinporten import Grant
from systemusers.models import MaskinportenClient, ScopeGrant
from systemusers.services.keys import active_key, grant_for, note_use, wake_waiting
from systemusers.services.remote import maskinporten

Verdict = ScopeGrant.Verdict
VERDICTS = {
    "MP-200": Verdict.NOT_ON_CLIENT,
    "MP-201": Verdict.NOT_ON_CLIENT,
    "MP-250": Verdict.NOT_GRANTED,
    "MP-251": Verdict.NOT_GRANTED,
}

CLOCK_CODES = frozenset({"CLOCK_AHEAD", "CLOCK_BEHIND", "MP-130"})


def check_scopes(*, client: MaskinportenClient, by: str, at: datetime) -> list[ScopeGrant]:
    """Request a token for each wanted scope, bypassing the cache, and store the verdict.

    In the order of `client.scopes`. What waited for a scope is tried again when one is granted.

    UNKNOWN with a code: the client or its key was refused, so the scope is not known.
    Raises NoKey, and Unavailable or BrokenReply: verdicts stored before that stay.
    """
    key = active_key(client)
    record(by=by, at=at, target=client, what=AuditType.SCOPES_CHECKED, scopes=list(client.scopes))
    client.grants.exclude(scope__in=client.scopes).delete()
    grants = [_check(client, scope, grant_for(key, scopes=(scope,)), at) for scope in client.scopes]
    if grants:
        note_use(client_id=client.client_id, kid=key.kid, at=at)
    if any(grant.verdict == Verdict.GRANTED for grant in grants):
        wake_waiting(client=client, codes=VERDICTS, at=at)
    return grants


def _check(client: MaskinportenClient, scope: str, grant: Grant, at: datetime) -> ScopeGrant:
    found: dict[str, Any] = {"verdict": Verdict.GRANTED, "code": "", "text": "", "clock_off": None}
    try:
        maskinporten(client.environment).token(grant, at=at)
    except Refused as error:
        verdict, code = VERDICTS.get(error.code, Verdict.UNKNOWN), code_of(error)
        found = {
            "verdict": verdict,
            "code": code,
            "text": without_identity_numbers(error.text),
            "clock_off": _clock_off(error),
        }
    row, _created = ScopeGrant.objects.update_or_create(
        client=client, scope=scope, defaults={**found, "checked_at": at}
    )
    return row


def _clock_off(error: Refused) -> int | None:
    """How many seconds our clock is ahead of Maskinporten's (behind: below 0), where the refusal is about the time."""
    if error.code not in CLOCK_CODES or error.answered_at is None:
        return None
    return round((gateway.clock() - error.answered_at).total_seconds())
