"""Times and numbers inside sentences, in the format of the language that is active. Times are Norwegian.

`portal.templatetags.ui` has the filters for templates.
"""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.formats import date_format, number_format


def spelled_date(at: datetime) -> str:
    """With the month as a word: of numbers alone an English reader cannot tell day from month."""
    return date_format(timezone.localtime(at), "DATE_FORMAT")


def spelled_time(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")


def decimal(value: float, places: int = 1) -> str:
    return str(number_format(value, decimal_pos=places))
