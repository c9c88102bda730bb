"""What happened to rows after a moment: kinds of change, as the overview and mails count them and as lists show them.

A link to a list names the kind and the moment in one parameter, and the list shows exactly those rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from portal.core.lists import Select

PARAMETER = "changed"
BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
Rows = TypeVar("Rows", bound=QuerySet[Any])


@dataclass(frozen=True)
class Change:
    """A kind of change: the rows that it happened to, the column that says when, and the word for those rows."""

    code: str
    label: Any
    condition: Q
    moment: str

    def after(self, rows: Rows, since: datetime) -> Rows:
        return rows.filter(self.condition, **{f"{self.moment}__gt": since})

    def value(self, since: datetime) -> str:
        """Of the parameter."""
        return f"{self.code}.{(since - BEGIN) // timedelta.resolution}"


def narrowed(rows: Rows, changes: Sequence[Change], query: QueryDict) -> Rows:
    """The rows of the change that the address names; all when it names none."""
    asked = _asked(changes, query)
    return asked[0].after(rows, asked[1]) if asked else rows


def changed_selects(changes: Sequence[Change], query: QueryDict) -> list[Select]:
    """The choice beside the search that shows the change, and takes it away; none when the address names none."""
    asked = _asked(changes, query)
    if asked is None:
        return []
    change, since = asked
    value = query.get(PARAMETER, "")
    when = date_format(timezone.localtime(since), "SHORT_DATETIME_FORMAT")
    name = _("%(what)s etter %(when)s") % {"what": change.label, "when": when}
    return [Select(PARAMETER, _("Endret"), [(value, name)], value)]


def _asked(changes: Sequence[Change], query: QueryDict) -> tuple[Change, datetime] | None:
    code, _dot, number = query.get(PARAMETER, "").partition(".")
    change = next((one for one in changes if one.code == code), None)
    if change is None or not (number.isascii() and number.isdigit()):
        return None
    try:
        return change, BEGIN + timedelta(microseconds=int(number[:20]))
    except OverflowError:
        return None
