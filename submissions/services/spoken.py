"""Codes of the audit trail that only this app can say: services by their names, periods in words."""

from __future__ import annotations

from django.utils.translation import gettext as _

from portal.explain.audit import SPOKEN
from submissions.period import Period
from submissions.services import catalogue

SPAN = "–"
"""Between the first and the last period; the last one is left out while there is no end."""


def register() -> None:
    SPOKEN.update(service=catalogue.name_of, period=period)


def period(text: str) -> str:
    """`2026-09` as `september 2026`, `2025–` as `fra 2025`; any other text as it is."""
    first, span, last = (part if part == SPAN else _one(part) for part in text.partition(SPAN))
    return _("fra %(period)s") % {"period": first} if span and not last else f"{first}{span}{last}"


def _one(text: str) -> str:
    found = Period.found(text)
    return found.spoken if found else text
