"""The next step of a row, as lists and pages show it; each app has its own rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from portal.core.formats import clock
from portal.core.lease import LEASE, Leased

QUIET = timedelta(seconds=75)
"""A worker renews its lease before each call, and no call lasts so long. Then it has stopped, or has other rows before this."""
OVERDUE = timedelta(minutes=2)
"""A row that is due is taken within seconds while workers keep up."""


@dataclass(frozen=True)
class NextStep:
    """`who` is "" when nobody has to do anything; `url` leads to where it is done."""

    text: str
    who: str = ""
    url: str = ""


def page_of(row: Any, name: str, anchor: str = "") -> str:
    """The address of a row's own page, which the URL pattern `name` has, in its environment."""
    url = reverse(name, kwargs={"environment": row.environment, "pk": row.pk})
    return url + (f"#{anchor}" if anchor else "")


def list_of(environment: str, name: str, query: str = "") -> str:
    """The address of a page of an environment, filtered by `query`."""
    return reverse(name, kwargs={"environment": environment}) + (f"?{query}" if query else "")


def standstill(row: Leased, *, at: datetime) -> NextStep | None:
    """What is said instead of "soon" and "now" when nothing has happened with a row for longer than work takes.

    A worker that died keeps its lease until it runs out.
    """
    if row.lease_until is not None and row.lease_until > at:
        since = row.lease_until - LEASE
        if at - since <= QUIET:
            return None
        times = {"since": clock(since, seconds=True), "clock": clock(row.lease_until, seconds=True)}
        return NextStep(_("Arbeideren har ikke svart siden kl. %(since)s. Prøves igjen kl. %(clock)s") % times)
    if row.next_attempt_at is None or at - row.next_attempt_at <= OVERDUE:
        return None
    return NextStep(
        _("Står i kø siden kl. %(clock)s. Ingen arbeider har tatt den ennå")
        % {"clock": clock(row.next_attempt_at, seconds=True)}
    )
