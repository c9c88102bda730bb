"""Varsler: what a person gets by mail, and whether the mails arrive. Administrators see who does not get theirs."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.guard import StaffRequest, staff_page
from accounts.models import NoticeMail, NotificationPlan, User
from accounts.services.notifications import send_again
from accounts.services.staff import save_details
from portal.core.stale import EditedMeanwhile
from portal.desk.notifications.choosing import choose, plan_of
from portal.desk.notifications.forms import NotificationForm
from portal.explain import explain

SHOWN = 10


@staff_page(anywhere=True)
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: StaffRequest) -> HttpResponse:
    """One's own choices; nobody sees or changes those of others."""
    user, plan = request.user, plan_of(request.user)
    form = NotificationForm(request.POST or None, instance=plan, user=user)
    if request.method == "POST" and form.is_valid() and _saved(request, form):
        messages.success(request, _("Lagret."))
        return redirect("account", environment=request.environment)
    mails = list(NoticeMail.objects.filter(user=user)[:SHOWN])
    context = {
        "form": form, "plan": plan, "mails": [(mail, _problem(mail)) for mail in mails], "is_local": settings.LOCAL,
        "unreached": _unreached(user),
    }  # fmt: skip
    return render(request, "desk/account.html", context, status=422 if form.errors else 200)


def _saved(request: StaffRequest, form: NotificationForm) -> bool:
    user, at = User.objects.get(pk=request.user.pk), timezone.now()
    try:
        choose(plan=form.instance, seen=form.seen, by=user.actor, at=at)
    except EditedMeanwhile as error:
        form.show_edited(error)
        return False
    user.language = form.cleaned_data["language"]
    save_details(user=user, by=user.actor, at=at)
    return True


def _problem(mail: NoticeMail) -> str:
    return explain(mail.problem_code).title if mail.problem_code else ""


def _unreached(user: User) -> list[User]:
    """Colleagues whose address the mail server refuses, for those who can mend it."""
    if not user.keeps_people:
        return []
    plans = NotificationPlan.objects.filter(refused_at__isnull=False, user__is_active=True).exclude(user=user)
    return [plan.user for plan in plans.select_related("user").order_by("user__name", "pk")]


@staff_page(anywhere=True)
@require_POST
def try_again(request: StaffRequest) -> HttpResponse:
    """The person says that their address is right."""
    send_again(user=request.user, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Vi sender varslene på nytt."))
    return redirect("account", environment=request.environment)
