"""Times and numbers inside sentences, in the format of the language that is active. Times are Norwegian.

`portal.templatetags.ui` has the filters for templates.
"""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _


def spelled_date(day: date) -> str:
    """With the month as a word: of numbers alone an English reader cannot tell day from month. Of a moment, the day in Norway."""
    return date_format(timezone.localtime(day) if isinstance(day, datetime) else day, "DATE_FORMAT")


def spelled_day(day: date) -> str:
    """With the day of the week."""
    return f"{date_format(day, 'l')} {spelled_date(day)}"


def clock(at: datetime, *, seconds: bool = False) -> str:
    """`14.30`, in English `14:30`."""
    mark = ":" if (get_language() or "").startswith("en") else "."
    return f"{timezone.localtime(at):{mark.join(('%H', '%M', '%S') if seconds else ('%H', '%M'))}}"


def spelled_time(at: datetime) -> str:
    """`i dag kl. 14.30`, `i går kl. 14.30`, `i morgen kl. 14.30`, else `20. november 2026 kl. 08.15`."""
    days = (timezone.localdate(at) - timezone.localdate()).days
    near = {0: _("i dag kl. %(clock)s"), -1: _("i går kl. %(clock)s"), 1: _("i morgen kl. %(clock)s")}
    text = near.get(days, _("%(date)s kl. %(clock)s"))
    return text % {"date": spelled_date(at), "clock": clock(at)}


def decimal(value: float, places: int = 1) -> str:
    return str(number_format(value, decimal_pos=places))
