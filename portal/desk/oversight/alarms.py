"""Alarmer: what looks like misuse in the audit trail, for those who keep people, until one of them has seen it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.guard import StaffRequest, staff_page
from accounts.models import Alarm
from accounts.services import alarms as found
from accounts.services.actors import STAFF, keys_of, names_of, person
from portal.core.next_step import list_of

MOST = 200


@dataclass(frozen=True)
class Row:
    """`url` leads to what the person did in those days, or to the new administrator; "" where there is no such page for the reader.

    `is_own`: it concerns the reader, and another one marks it.
    """

    alarm: Alarm
    who: str
    seen_by: str
    url: str
    is_own: bool


@staff_page(may="keeps_people")
@require_safe
def alarms(request: StaffRequest) -> HttpResponse:
    is_narrowed = request.GET.get("state") == "unseen"
    of_here = found.of_environment(request.environment)
    rows = list((of_here.filter(seen_at=None) if is_narrowed else of_here)[:MOST])
    names = names_of(by for row in rows for by in (row.about, row.seen_by))
    own, keys = found.about(request.user), keys_of(row.about for row in rows if row.kind == Alarm.Kind.ADMINISTRATOR)
    shown = [
        Row(row, _who(row, names), person(row.seen_by, names), _url(request, row, keys), row.about in own)
        for row in rows
    ]
    return render(
        request, "desk/oversight/alarms.html", {"rows": shown, "limits": settings.ALARMS, "is_narrowed": is_narrowed}
    )


def _who(alarm: Alarm, names: dict[str, str]) -> str:
    return person(alarm.about, names) if alarm.about else _("Ikke innlogget")


def _url(request: StaffRequest, alarm: Alarm, keys: Mapping[str, int]) -> str:
    """`keys`: of the people whom alarms about administrators are about, by their actors."""
    email = alarm.about.removeprefix(STAFF)
    if alarm.kind == Alarm.Kind.ADMINISTRATOR:
        pk = keys.get(alarm.about)
        return reverse("person", kwargs={"environment": request.environment, "pk": pk}) if pk else ""
    if not alarm.about or not request.user.is_administrator:
        return ""
    first, last = (timezone.localdate(at) for at in (alarm.began_at - found.SPAN, alarm.newest_at))
    return list_of(request.environment, "who-acted", urlencode({"who": email, "first": first, "last": last}))


@staff_page(may="keeps_people")
@require_POST
def seen(request: StaffRequest, pk: int) -> HttpResponse:
    alarm = get_object_or_404(found.of_environment(request.environment), pk=pk)
    try:
        is_first = found.mark_seen(alarm=alarm, user=request.user, at=timezone.now())
    except found.AboutOneself as error:
        messages.error(request, _of_oneself(others=error.others))
        return redirect("alarms", environment=request.environment)
    if is_first:
        messages.success(request, _("Merket som sett av deg."))
    else:
        messages.info(request, _("En kollega har sett den allerede."))
    return redirect("alarms", environment=request.environment)


def _of_oneself(*, others: bool) -> str:
    if others:
        return _("Alarmen gjelder deg. En annen som har ansvar for folk, må se på den.")
    return _("Alarmen gjelder deg, og ingen andre har ansvar for folk. Den blir stående til en annen kan se på den.")
