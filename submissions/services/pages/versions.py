"""The reports of one customer, service and period as a page shows them: the versions, which one stands, and the periods of the year."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.services.actors import Names, names_of, person
from portal.core.colours import colour
from submissions.models import Submission
from submissions.period import Period, PeriodKind
from submissions.services.versions import Version, versions_of

S = Submission.Status
MOST = 30
"""Versions on a page, the newest."""
STANDS, REPLACED = gettext_lazy("Gjelder nå"), gettext_lazy("Erstattet")


@dataclass(frozen=True)
class VersionShown:
    """`state` is the badge, `is_this` the version of the page itself."""

    pk: int
    number: int
    state: str
    colour: str
    text: str
    at: datetime
    is_this: bool
    is_replaced: bool


@dataclass(frozen=True)
class PeriodShown:
    """One month of a year. `pk` None: nothing was sent for it."""

    label: str
    full: str
    state: str
    colour: str
    pk: int | None
    is_this: bool


def versions_shown(row: Submission) -> list[VersionShown]:
    """The newest first; [] when there is nothing to tell apart. No file is opened."""
    versions = versions_of(row, with_reasons=True)
    if len(versions) < 2 and not row.own_reference:
        return []
    names = names_of(version.submission.queued_by for version in versions)
    numbers = {version.submission.own_reference: version.number for version in versions}
    return [_shown(one, row, names, numbers) for one in reversed(versions[-MOST:])]


def _shown(version: Version, row: Submission, names: Names, numbers: dict[str, int]) -> VersionShown:
    own = version.submission
    state, shade = _state(version)
    return VersionShown(
        pk=own.pk,
        number=version.number,
        state=state,
        colour=shade,
        text=" · ".join(filter(None, [_replaces(own, numbers), person(own.queued_by, names), _outcome(version)])),
        at=own.queued_at or own.status_at,
        is_this=own.pk == row.pk,
        is_replaced=version.replaced_by is not None,
    )


def _state(version: Version) -> tuple[str, str]:
    if version.stands:
        return str(STANDS), "success"
    if version.replaced_by:
        return str(REPLACED), "neutral"
    return str(version.submission.get_status_display()), colour(version.submission.status)


def _replaces(own: Submission, numbers: dict[str, int]) -> str:
    if not own.replaces_reference:
        return ""
    number = numbers.get(own.replaces_reference)
    return _("Erstatter %(n)s") % {"n": number} if number else _("Erstatter en melding som ikke er sendt herfra")


def _outcome(version: Version) -> str:
    number = len(version.submission.reasons)
    if not number or version.submission.status not in (S.ACCEPTED, S.REJECTED):
        return ""
    return ngettext("%(n)s merknad", "%(n)s merknader", number) % {"n": number}


def months_shown(row: Submission, *, at: date) -> list[PeriodShown]:
    """The twelve months of the year of a monthly report; [] for other periods. One query."""
    if row.period_kind != PeriodKind.MONTH:
        return []
    year = row.period_start.year
    same = Submission.objects.filter(customer=row.customer_id, service=row.service, period_kind=row.period_kind)
    sent = same.filter(period_start__year=year, queued_at__isnull=False).exclude(status=S.CANCELLED)
    found = list(sent.order_by("queued_at", "pk").values_list("period_start", "status", "pk"))
    months = [Period.month(year, number) for number in range(1, 13)]
    return [_month(month, [entry[1:] for entry in found if entry[0] == month.start], row, at) for month in months]


def _month(month: Period, sent: list[tuple[str, int]], row: Submission, at: date) -> PeriodShown:
    status, pk = _telling(sent)
    state = str(S(status).label) if status else _("Ikke levert") if month.start < at.replace(day=1) else _("Ikke ennå")
    label = date_format(month.start, "M").lower().rstrip(".")
    shade = colour(status) if status else "neutral"
    return PeriodShown(label, month.spoken, state, shade, pk, month.start == row.period_start)


def _telling(sent: Iterable[tuple[str, int]]) -> tuple[str, int | None]:
    """The newest accepted report, else the newest."""
    newest: tuple[str, int | None] = ("", None)
    for entry in sent:
        if newest[0] != S.ACCEPTED or entry[0] == S.ACCEPTED:
            newest = entry
    return newest
