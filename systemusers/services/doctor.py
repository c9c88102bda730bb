"""The doctor: tries what a client is for, in the order of use, and stores every answer.

A token for each scope (`scopes`), a read of the system register, then a token for each scope as a real system user. A person
orders it; it makes one call after the other and stops at the first that gets no answer.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime

from django.db.models import F

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.masking import without_identity_numbers
from portal.core.problems import code_of
from portal.gateways.errors import Refused
from systemusers.models import Access, AccessQuerySet, ClientCheck, MaskinportenClient, ScopeGrant
from systemusers.services.diagnosis import cause_of_missing, cause_of_refusal
from systemusers.services.remote import system_register
from systemusers.services.scopes import check_scopes
from systemusers.services.system_register.entry import SCOPE as REGISTER
from systemusers.services.tokens import AccessMissing, TokenRefused, system_user_token, vendor_token
from systemusers.services.wanted_scopes import is_for_system_users

Kind = ClientCheck.Kind
BUDGET = 30.0
"""Seconds after which no further call is begun: a person waits for the page."""


class OutOfTime(Exception):
    """The answers stored so far stay; the rest was not asked."""


def examine_all(*, clients: Iterable[MaskinportenClient], by: str, at: datetime) -> None:
    """Each client with a key in use. Raises OutOfTime, and what `examine` raises."""
    end = time.monotonic() + BUDGET
    for client in clients:
        examine(client=client, by=by, at=at, end=end)


def examine(*, client: MaskinportenClient, by: str, at: datetime, end: float | None = None) -> None:
    """`end`: by the monotonic clock. Raises NoKey, OutOfTime, and Unavailable or BrokenReply."""
    end = time.monotonic() + BUDGET if end is None else end
    _in_time(end)
    client.checks.all().delete()
    grants = check_scopes(client=client, by=by, at=at)
    granted = [grant.scope for grant in grants if grant.verdict == ScopeGrant.Verdict.GRANTED]
    record(by=by, at=at, target=client, what=AuditType.CONNECTION_TRIED, scopes=granted)
    if REGISTER in granted:
        _in_time(end)
        _try_register(client, at)
    access = access_to_try(client)
    if access is not None:
        _try_system_user(client, access, [scope for scope in granted if is_for_system_users(scope)], at, end)


def to_try(client: MaskinportenClient) -> AccessQuerySet:
    """The accesses with which the client gets a token for a system user, as far as we know."""
    return Access.objects.filter(profile__system__client=client, status__in=Access.USABLE)


def access_to_try(client: MaskinportenClient) -> Access | None:
    """One that works as far as we know, in use before just approved, the latest first; None when there is none."""
    rows = to_try(client).loaded()
    order = [F("missing_since").asc(nulls_first=True), F("status").desc(), F("answered_at").desc(nulls_last=True)]
    return rows.order_by(*order).first()


def _try_register(client: MaskinportenClient, at: datetime) -> None:
    code, text = "", ""
    token = vendor_token(client=client, scopes=(REGISTER,), at=at)
    try:
        system_register(client.environment).list(token=token)
    except Refused as error:
        code, text = cause_of_refusal(error, token=token, scope=REGISTER, client=client), error.text
    _store(client, Kind.REGISTER, REGISTER, at, code=code, text=text)


def _try_system_user(client: MaskinportenClient, access: Access, scopes: list[str], at: datetime, end: float) -> None:
    """Scope by scope. A system user that is not found is not asked for again."""
    for scope in scopes:
        _in_time(end)
        code, text = "", ""
        try:
            system_user_token(access=access, scopes=(scope,), at=at, fresh=True)
        except AccessMissing as error:
            code, text = cause_of_missing(access, at=at), error.text
        except TokenRefused as error:
            code, text = code_of(error), error.text
        _store(client, Kind.SYSTEM_USER, scope, at, code=code, text=text, access=access)
        if code and code not in SCOPE_CODES:
            return


SCOPE_CODES = frozenset({"MP-200", "MP-201", "MP-250", "MP-251"})
"""Refusals that say nothing about the next scope."""


def _store(client: MaskinportenClient, kind: str, scope: str, at: datetime, *, text: str, **answer: object) -> None:
    """`text` is the remote's, which may name a person."""
    found = {"access": None, "text": without_identity_numbers(text), **answer, "checked_at": at}
    ClientCheck.objects.update_or_create(client=client, kind=kind, scope=scope, defaults=found)


def _in_time(end: float) -> None:
    if time.monotonic() >= end:
        raise OutOfTime
