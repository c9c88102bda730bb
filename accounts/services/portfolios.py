"""Portfolios: which customers a case worker sees. Their names are recorded, as the rows may be deleted."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Portfolio
from portal.core.audit import record
from portal.core.audit_changes import changes, stored_values, values_of
from portal.core.audit_events import AuditType
from portal.core.stale import check_unchanged

FIELDS = ("name",)


def save_portfolio(*, portfolio: Portfolio, by: str, at: datetime, seen: str | None = None) -> None:
    """A new portfolio or a new name. Raises EditedMeanwhile when `seen`, the version of a form, is out of date."""
    what = AuditType.ADDED if portfolio.pk is None else AuditType.EDITED
    with transaction.atomic():
        old = stored_values(portfolio, FIELDS)
        if old:
            check_unchanged(Portfolio(pk=portfolio.pk, **old), portfolio, FIELDS, seen=seen)
        edits = changes(old=old, new=values_of(portfolio, FIELDS))
        portfolio.save()
        if edits:
            record(by=by, at=at, target=portfolio, what=what, changes=edits)


def delete_portfolio(*, portfolio: Portfolio, by: str, at: datetime) -> None:
    """Take it from its staff and delete it. Raises ProtectedError while it has customers."""
    with transaction.atomic():
        edits = changes(old=stored_values(portfolio, FIELDS), new={})
        record(by=by, at=at, target=portfolio, what=AuditType.DELETED, changes=edits)
        for user in portfolio.staff.all():
            names = sorted(user.portfolios.values_list("name", flat=True))
            left = [name for name in names if name != portfolio.name]
            record(by=by, at=at, target=user, what=AuditType.EDITED, changes={"portfolios": [names, left]})
        portfolio.delete()
