"""The overview's words about clients without a key, and about keys that have passed our own date for them."""

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


def without_key(names: list[str], *, is_all: bool) -> str:
    """With several clients: which of them cannot sign."""
    if is_all:
        return _("Ingenting kan sendes eller hentes før en nøkkel er tatt i bruk.")
    listed = ", ".join(names)
    return _("%(names)s: ingenting kan sendes eller hentes med dem før en nøkkel er tatt i bruk.") % {"names": listed}
