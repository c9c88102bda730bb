"""Times and numbers inside sentences, in the format of the language that is active. Times are Norwegian.

`portal.templatetags.ui` has the filters for templates.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.utils import timezone
from django.utils.formats import date_format, get_format, number_format
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
    if days not in (-1, 0, 1):  # as most are: the words of the others are not looked up
        return _("%(date)s kl. %(clock)s") % {"date": spelled_date(at), "clock": clock(at)}
    near = {0: _("i dag kl. %(clock)s"), -1: _("i går kl. %(clock)s"), 1: _("i morgen kl. %(clock)s")}
    return near[days] % {"clock": clock(at)}


def amount(value: Decimal, *, places: int | None = None) -> str:
    """`1 234,50`, in English `1 234.50`, with spaces that do not break. As many decimals as `value` has; with `places` so many, or none
    for a whole number.
    """
    text = f"{value:,f}" if places is None else f"{value:,.{places}f}".removesuffix(f".{'0' * places}")
    return text.replace(",", "\N{NO-BREAK SPACE}").replace(".", str(get_format("DECIMAL_SEPARATOR")))


def decimal(value: float, places: int = 1) -> str:
    return str(number_format(value, decimal_pos=places))
