"""The link in an invitation: the person says what they are called and chooses a password."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts.guard import public_page
from accounts.login import visit_of
from accounts.services import invitations
from portal.desk.people.forms import WelcomeForm


@public_page
@sensitive_post_parameters()
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    try:
        user = invitations.find_invited(token, at=timezone.now())
    except invitations.NotInvited:
        return _secret(render(request, "desk/people/welcome_ended.html", status=410))
    if not settings.LOCAL_PASSWORDS:
        return _secret(redirect("account_login"))
    with translation.override(user.language):
        form = WelcomeForm(request.POST or None, user=user, initial={"name": user.name})
        if request.method == "POST" and form.is_valid():
            return _accepted(request, form)
        context = {"form": form, "invited": user}
        return _secret(render(request, "desk/people/welcome.html", context, status=422 if form.errors else 200))


def _accepted(request: HttpRequest, form: WelcomeForm) -> HttpResponse:
    chosen = {"name": form.cleaned_data["name"], "password": form.cleaned_data["password1"]}
    try:
        invitations.accept(user=form.user, **chosen, visit=visit_of(request))
    except invitations.NotInvited:
        return _secret(render(request, "desk/people/welcome_ended.html", status=410))
    messages.success(request, _("Passordet er lagret. Logg inn med det."))
    return redirect("account_login")


def _secret(response: HttpResponse) -> HttpResponse:
    """The address is a secret: nothing passes it on."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
