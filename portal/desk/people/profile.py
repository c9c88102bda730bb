"""One's own account: name, language, password, and the log-ins that have not ended."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from accounts.guard import StaffRequest, staff_page
from accounts.login import visit_of
from accounts.models import LogIn, User
from accounts.services import log_ins
from accounts.services.staff import change_own_password, save_details
from portal.desk.people.factors import summary
from portal.desk.people.forms import OwnPasswordForm, ProfileForm


@staff_page(anywhere=True)
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: StaffRequest) -> HttpResponse:
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=request.user.pk))
    if request.method == "POST" and form.is_valid():
        save_details(user=form.instance, by=request.user.actor, at=timezone.now())
        messages.success(request, _("Lagret."))
        return redirect("profile", environment=request.environment)
    return _page(request, form, OwnPasswordForm(user=request.user))


def _page(request: StaffRequest, form: ProfileForm, password: OwnPasswordForm) -> HttpResponse:
    context = {
        "form": form, "password": password, "log_ins": list(log_ins.open_of(request.user, at=timezone.now())),
        "here": request.session.session_key, **summary(request),
    }  # fmt: skip
    is_wrong = form.errors or password.errors
    return render(request, "desk/people/profile.html", context, status=422 if is_wrong else 200)


@staff_page(anywhere=True)
@sensitive_post_parameters()
@require_POST
def password(request: StaffRequest) -> HttpResponse:
    """Other sessions end; this one goes on under a new key. The owner is told by mail."""
    if not settings.LOCAL_PASSWORDS:
        raise Http404
    user, at = User.objects.get(pk=request.user.pk), timezone.now()
    form = OwnPasswordForm(request.POST, user=user)
    if not form.is_valid():
        return _page(request, ProfileForm(instance=user), form)
    with transaction.atomic():
        change_own_password(user=user, password=form.cleaned_data["password1"], at=at)
        update_session_auth_hash(request, user)
        log_ins.began(user=user, session_key=request.session.session_key or "", visit=visit_of(request))
    messages.success(request, _("Passordet er byttet. Andre økter er avsluttet."))
    return redirect("profile", environment=request.environment)


@staff_page(anywhere=True)
@require_POST
def session_end(request: StaffRequest, pk: int) -> HttpResponse:
    """One of one's own; of others there is none."""
    return _ended(request, LogIn.objects.filter(user=request.user, pk=pk))


@staff_page(anywhere=True)
@require_POST
def sessions_end(request: StaffRequest) -> HttpResponse:
    """All but this one."""
    others = LogIn.objects.filter(user=request.user).exclude(session_key=request.session.session_key or "")
    return _ended(request, others)


def _ended(request: StaffRequest, rows: object) -> HttpResponse:
    number = log_ins.end(rows=rows, by=request.user.actor, at=timezone.now())  # type: ignore[arg-type]
    messages.success(request, _("Økten er avsluttet.") if number == 1 else _("Øktene er avsluttet."))
    return redirect("profile", environment=request.environment)
