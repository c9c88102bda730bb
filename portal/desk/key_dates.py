"""The overview's words about keys that have passed our own date for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _


def past_its_date(used: Iterable[datetime | None]) -> str:
    """Only Maskinporten knows whether such a key works: what it said last. `used`: when each key was last accepted."""
    text = _("Den brukes så lenge Maskinporten godtar den. Bytt den nå.")
    accepted = [moment for moment in used if moment]
    if not accepted:
        return text
    when = date_format(timezone.localtime(min(accepted)), "SHORT_DATETIME_FORMAT")
    return text + " " + _("Maskinporten godtok den sist %(when)s.") % {"when": when}
