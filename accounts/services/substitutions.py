"""A substitute during somebody's absence: sees their portfolios from the first day to the last. Both are told by mail.

Where roles take two persons, so does this: the substitute sees what they did not see before.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Proposal, Substitution, User
from accounts.services import proposals, staff_mails
from portal.core.audit import record
from portal.core.audit_changes import changes, values_of
from portal.core.audit_events import AuditType
from portal.core.formats import spelled_date

FIELDS = ("substitute", "begins", "ends")


class Overlapping(Exception):
    """The person has a substitute already on one of these days."""


def appoint(
    *,
    absent: User,
    substitute: User,
    begins: date,
    ends: date,
    by: str,
    at: datetime,
    approved: Proposal | None = None,
) -> Substitution:
    """Raises Overlapping and NeedsSecondPerson."""
    proposals.check(Proposal.Kind.SUBSTITUTE_NAMED, environment="", target=absent, by=by, approved=approved)
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=absent.pk)
        if Substitution.objects.filter(absent=absent, begins__lte=ends, ends__gte=begins).exists():
            raise Overlapping
        row = Substitution.objects.create(
            absent=absent, substitute=substitute, begins=begins, ends=ends, given_by=by, given_at=at
        )
        record(by=by, at=at, target=row, what=AuditType.ADDED, changes=changes(old={}, new=values_of(row, FIELDS)))
        record(by=by, at=at, target=absent, what=AuditType.EDITED, changes=_told(row, is_on=True))
        _mail(row, at)
    return row


def end(*, row: Substitution, by: str, at: datetime) -> None:
    """Before the last day: from now on, or never begun."""
    with transaction.atomic():
        if not Substitution.objects.select_for_update().filter(pk=row.pk).exists():
            return
        record(by=by, at=at, target=row, what=AuditType.DELETED, changes=changes(old=values_of(row, FIELDS), new={}))
        record(by=by, at=at, target=row.absent, what=AuditType.EDITED, changes=_told(row, is_on=False))
        with translation.override(row.substitute.language):
            subject = _("Du er ikke lenger vikar for %(name)s") % {"name": row.absent}
            line = _("Porteføljene til %(name)s ser du ikke lenger.") % {"name": row.absent}
            key = f"substitute-ended:{row.pk}"
            staff_mails.put_to(row.substitute, key=key, subject=subject, lines=[line], at=at)
        row.delete()


def _told(row: Substitution, *, is_on: bool) -> dict[str, list[str]]:
    said = f"{row.substitute.email} {row.begins:%Y-%m-%d}–{row.ends:%Y-%m-%d}"
    return {"substitute": ["", said] if is_on else [said, ""]}


def _mail(row: Substitution, at: datetime) -> None:
    for user, is_substitute in ((row.substitute, True), (row.absent, False)):
        with translation.override(user.language):
            when = {"begins": spelled_date(row.begins), "ends": spelled_date(row.ends)}
            if is_substitute:
                subject = _("Du er vikar for %(name)s") % {"name": row.absent}
                text = _(
                    "Fra %(begins)s til og med %(ends)s ser du porteføljene til %(name)s. Etterpå slutter det av seg selv."
                )
                lines = [text % {**when, "name": row.absent}]
            else:
                subject = _("%(name)s er vikar for deg") % {"name": row.substitute}
                text = _("Fra %(begins)s til og med %(ends)s ser %(name)s porteføljene dine.")
                lines = [text % {**when, "name": row.substitute}]
            key = f"substitute:{row.pk}:{user.pk}"
            staff_mails.put_to(user, key=key, subject=subject, lines=lines, at=at)
