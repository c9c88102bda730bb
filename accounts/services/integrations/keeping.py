"""Integrations as an administrator makes, changes, stops and starts them. Every change is recorded."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import Integration, Portfolio, User
from portal.core.audit import record
from portal.core.audit_changes import changes
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.core.stale import check_unchanged

FIELDS = ("purpose", "scopes", "sees_all_customers", "networks", "needs_employee", "calls_a_minute")
COLUMNS = (*FIELDS, "portfolios")
"""What can be changed. The name and the environment stand for ever."""


class BeyondOwnSight(Exception):
    """Nobody gives an integration customers that they do not see themselves."""


def find_integrations(environment: Environment) -> QuerySet[Integration]:
    return Integration.objects.filter(environment=environment).prefetch_related("portfolios", "proofs")


def may_give(user: User) -> QuerySet[Portfolio]:
    """The portfolios that the user may give to an integration."""
    return Portfolio.objects.all() if user.sees_all_customers else Portfolio.objects.filter(pk__in=user.portfolio_ids)


def may_keep(user: User, integration: Integration) -> bool:
    """Whether the user sees all that the integration sees: who can prove to be it sees that too."""
    if user.sees_all_customers:
        return True
    theirs = set(integration.portfolios.values_list("pk", flat=True))
    return not integration.sees_all_customers and theirs <= set(user.portfolio_ids)


def save_integration(
    *, integration: Integration, portfolios: Collection[Portfolio], user: User, at: datetime, seen: str | None = None
) -> None:
    """A new one, without any way to prove who it is yet, or the changed fields of one.

    Raises BeyondOwnSight, and EditedMeanwhile when `seen`, the version of a form, is out of date.
    """
    what = AuditType.EDITED if integration.pk else AuditType.ADDED
    with transaction.atomic():
        stored = Integration.objects.select_for_update().get(pk=integration.pk) if integration.pk else None
        if stored and not may_keep(user, stored):
            raise BeyondOwnSight(f"{user.actor} does not see all that {stored} sees")
        if stored:
            check_unchanged(stored, integration, COLUMNS, seen=seen, chosen={"portfolios": portfolios})
        old = _values(stored) if stored else {}
        new = _wanted(integration, portfolios)
        _check_sight(user, old, new)
        if not integration.pk:
            integration.client_id = f"erp-{secrets.token_hex(8)}"
            integration.made_by, integration.made_at = user.actor, at
            integration.save(force_insert=True)
        else:
            integration.save(update_fields=FIELDS)
        integration.portfolios.set(portfolios)
        if edits := changes(old=old, new=new):
            record(by=user.actor, at=at, target=integration, what=what, changes=edits)


def _wanted(row: Integration, portfolios: Collection[Portfolio]) -> dict[str, Any]:
    return {
        "name": row.name, **{name: getattr(row, name) for name in FIELDS},
        "portfolios": sorted(each.name for each in portfolios),
    }  # fmt: skip


def _values(row: Integration) -> dict[str, Any]:
    return _wanted(row, row.portfolios.all())


def _check_sight(user: User, old: dict[str, Any], new: dict[str, Any]) -> None:
    if user.sees_all_customers:
        return
    own = set(may_give(user).values_list("name", flat=True))
    more = set(new["portfolios"]) - set(old.get("portfolios", ()))
    if more - own or (new["sees_all_customers"] and not old.get("sees_all_customers")):
        raise BeyondOwnSight(f"{user.actor} does not see {sorted(more - own)}")


def stop(*, integration: Integration, by: str, at: datetime) -> bool:
    """From now on it gets no answer, also with a token it has. False when it was stopped already."""
    return _turn(integration, AuditType.INTEGRATION_STOPPED, by, at, stopped_at=at)


def start(*, integration: Integration, by: str, at: datetime) -> bool:
    return _turn(integration, AuditType.INTEGRATION_STARTED, by, at, stopped_at=None)


def _turn(integration: Integration, what: AuditType, by: str, at: datetime, *, stopped_at: datetime | None) -> bool:
    with transaction.atomic():
        rows = Integration.objects.filter(pk=integration.pk, stopped_at__isnull=stopped_at is not None)
        if not rows.update(stopped_at=stopped_at):
            return False
        record(by=by, at=at, target=integration, what=what)
    integration.stopped_at = stopped_at
    return True
