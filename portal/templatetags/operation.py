"""Filters of the operator's page: ages, durations and shares, short enough for tables."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils.translation import gettext as _

from portal.core import formats
from portal.core.counting import spaced
from portal.core.formats import decimal
from portal.desk.operation.waiting import MOST
from submissions.services.inbox import pace

register = template.Library()
NBSP = "\N{NO-BREAK SPACE}"


@register.filter
def lasted(seconds: float) -> str:
    """In the unit that gives a short number: `4 s`, `9 min`, `3 t`, `2 døgn`."""
    if seconds < 100:
        return _("%(n)s s") % {"n": round(seconds)}
    if seconds < 100 * 60:
        return _("%(n)s min") % {"n": round(seconds / 60)}
    hours = seconds / 3600
    return _("%(n)s t") % {"n": round(hours)} if hours < 48 else _("%(n)s døgn") % {"n": round(hours / 24)}


@register.filter
def age(moment: datetime, at: datetime) -> str:
    """How long before `at` it was."""
    return lasted(max(0.0, (at - moment).total_seconds()))


@register.filter
def clock(moment: datetime) -> str:
    return formats.clock(moment, seconds=True)


@register.filter
def capped(number: int) -> str:
    """A number that was not counted further than MOST."""
    return f"{spaced(MOST)}+" if number > MOST else spaced(number)


@register.filter
def percent(share: float) -> str:
    return f"{decimal(share * 100, 0)}{NBSP}%"


@register.filter
def tier(code: str) -> str:
    """The name of a tier of following."""
    return _("Ny") if code == pace.NEW else str(dict(pace.Tier.choices).get(code, code))
