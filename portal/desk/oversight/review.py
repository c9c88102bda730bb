"""Gjennomgang av tilganger: the quarterly list of who may see whom and do what, with the last use, and the sign-offs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods

from accounts.capabilities import Charge, Role, enabled
from accounts.guard import StaffRequest, staff_page
from accounts.models import AccessReview
from accounts.services import access_review
from accounts.services.access_review import LONGEST_NOTE, Line
from accounts.services.actors import names_of, person
from portal.core.forms import CleanText

UNUSED = timedelta(days=90)
MOST = 20
"""Sign-offs that are shown."""


class SignForm(CleanText, forms.Form):
    note = forms.CharField(
        label=lazy("Merknad"), required=False, max_length=LONGEST_NOTE, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=lazy("For eksempel hva du endret, eller hvem du spurte."),
    )  # fmt: skip


@dataclass(frozen=True)
class Shown:
    """One account. `roles`: environment, role and what is seen. `remark` is "" where nothing stands out."""

    line: Line
    roles: list[tuple[str, str, str]]
    charges: list[str]
    remark: str


def _shown(line: Line, at: datetime) -> Shown:
    roles = []
    for place in enabled():
        role = line.roles.get(place.value, "")
        sees = _("alle kunder") if place.value in line.sees_all else ", ".join(line.portfolios) or _("ingen kunder")
        roles.append((str(place.label), str(Role(role).label) if role else "", sees))
    return Shown(line, roles, [str(Charge(each).label) for each in line.charges], _remark(line, at))


def _remark(line: Line, at: datetime) -> str:
    if line.user.invited_at:
        return _("Invitert, har ikke logget inn")
    if line.used_at is None or line.user.seen_at is None:
        return _("Har aldri vært inne")
    return _("Ikke brukt på lenge") if at - line.used_at > UNUSED else ""


@staff_page(may="keeps_people")
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: StaffRequest) -> HttpResponse:
    at, form = timezone.now(), SignForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            access_review.sign(
                user=request.user, shown=request.POST.get("shown", ""), note=form.cleaned_data["note"], at=at
            )
        except access_review.HasChanged:
            messages.warning(request, _("Noe er endret siden du leste siden. Se over på nytt."))
        else:
            messages.success(request, _("Gjennomgangen er lagret med listen slik den er nå."))
            return redirect("access-review", environment=request.environment)
    lines = access_review.lines()
    signed = list(AccessReview.objects.all()[:MOST])
    names = names_of(row.signed_by for row in signed)
    context = {
        "form": form, "rows": [_shown(line, at) for line in lines], "places": list(enabled()), "at": at,
        "shown": access_review.ground(lines), "signed": [(row, person(row.signed_by, names)) for row in signed],
        "is_due": access_review.due(at=at).exists(), "dormant": settings.DORMANT_DAYS,
    }  # fmt: skip
    return render(request, "desk/oversight/review.html", context, status=422 if form.errors else 200)
