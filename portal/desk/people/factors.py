"""One's own second factor: an app with codes, passkeys, and codes on paper for when these are lost."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.totp.internal.auth import generate_totp_secret
from allauth.mfa.webauthn.internal.auth import begin_registration
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts.guard import LED_FROM, StaffRequest, staff_page
from accounts.mfa import Adapter, NewCodeAppForm, NewPasskeyForm, takes_passkeys
from accounts.services import factors
from portal.core.confirm import Question, ask_first


def summary(request: StaffRequest) -> dict[str, Any]:
    """What the profile and the page of factors show."""
    own = factors.factors_of(request.user)
    return {
        "factors": own,
        "has_code_app": any(factor.kind == factors.Kind.TOTP for factor in own),
        "codes_left": factors.codes_left(request.user),
    }


@staff_page(anywhere=True)
@require_safe
def needed(request: StaffRequest) -> HttpResponse:
    """For somebody who was on the way to a page that asks for a second factor: what to choose between, and why."""
    if request.user.given.has_factor:
        return _onwards(request)
    return render(request, "desk/people/factor_needed.html", summary(request))


def _onwards(request: StaffRequest) -> HttpResponse:
    """To the page that the person was on the way to, else to the profile."""
    return redirect(
        request.session.pop(LED_FROM, "") or reverse("profile", kwargs={"environment": request.environment})
    )


def _after(request: StaffRequest, kind: str, *, made_codes: bool) -> HttpResponse:
    """Making one proved that the person has it. New recovery codes are shown next."""
    record_authentication(request, request.user, method="mfa", type=str(kind), reauthenticated=True)
    name = "recovery-codes" if made_codes else "factor-needed"
    return redirect(name, environment=request.environment)


@staff_page(anywhere=True)
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def code_app(request: StaffRequest) -> HttpResponse:
    user = request.user
    fresh = factors.seal(generate_totp_secret(), owner=user.pk)
    form = NewCodeAppForm(request.POST or None, user=user, initial={"sealed": fresh})
    if form.is_bound and not form.secret:  # the page is older than the key ring, or somebody else's
        form = NewCodeAppForm(None, user=user, initial={"sealed": fresh})
        messages.warning(request, _("Siden var for gammel. Les av den nye koden."))
    if form.is_bound and form.is_valid():
        session, at = request.session.session_key, timezone.now()
        try:
            made = factors.add_code_app(user=user, secret=form.secret, session_key=session, at=at)
        except factors.HasOne:
            messages.warning(request, _("Du har en kodeapp fra før. Fjern den først."))
            return redirect("profile", environment=request.environment)
        messages.success(request, _("Kodeappen er lagt til."))
        return _after(request, factors.Kind.TOTP, made_codes=made)
    address = Adapter().build_totp_url(user, form.secret)
    secret = " ".join(form.secret[at : at + 4] for at in range(0, len(form.secret), 4))
    context = {"form": form, "svg": Adapter().build_totp_svg(address), "address": address, "secret": secret}
    return render(request, "desk/people/code_app.html", context, status=422 if form.errors else 200)


@staff_page(anywhere=True)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def passkey_new(request: StaffRequest) -> HttpResponse:
    user = request.user
    form = NewPasskeyForm(request.POST or None, user=user)
    if form.is_bound and form.is_valid():
        credential, name = form.cleaned_data["credential"], form.cleaned_data["name"][:60]
        where: dict[str, Any] = {"session_key": request.session.session_key, "at": timezone.now()}
        made = factors.add_passkey(user=user, name=name, credential=credential, **where)
        messages.success(request, _("Passnøkkelen er lagt til."))
        return _after(request, factors.Kind.WEBAUTHN, made_codes=made)
    if not takes_passkeys(request):
        return render(request, "desk/people/passkey.html", {"elsewhere": _by_name(request)})
    context = {"form": form, "js_data": {"creation_options": begin_registration(user, False)}, "elsewhere": ""}
    return render(request, "desk/people/passkey.html", context, status=422 if form.errors else 200)


def _by_name(request: StaffRequest) -> str:
    """This page on one's own machine, by a name instead of an address."""
    port = urlsplit(f"//{request.get_host()}").port
    return f"{request.scheme}://localhost{f':{port}' if port else ''}{request.path}"


@staff_page(anywhere=True)
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: StaffRequest, pk: int) -> HttpResponse:
    factor = next((one for one in factors.factors_of(request.user) if one.pk == pk), None)
    if factor is None:
        raise Http404
    is_last = len(factors.factors_of(request.user)) == 1
    lost = _("Det er den siste. Gjenopprettingskodene slutter også å virke, og passordet alene slipper deg inn.")
    question = Question(
        title=_("Fjern %(factor)s") % {"factor": factor.name or factor.text.lower()},
        consequences=[lost if is_last else _("Du kan ikke lenger logge inn med den.")],
        button=_("Fjern"),
        trail=[(_("Profilen din"), reverse("profile", kwargs={"environment": request.environment}))],
    )
    if page := ask_first(request, question):
        return page
    factors.remove(user=request.user, pk=pk, at=timezone.now())
    messages.success(request, _("Fjernet."))
    return redirect("profile", environment=request.environment)


@staff_page(anywhere=True)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def recovery_codes(request: StaffRequest) -> HttpResponse:
    """Shown once. A POST makes new ones."""
    if not request.user.given.has_factor:
        return redirect("factor-needed", environment=request.environment)
    if request.method == "POST":
        factors.make_codes(user=request.user, at=timezone.now())
        return redirect("recovery-codes", environment=request.environment)
    context = {
        "codes": factors.take_codes(user=request.user) if request.method == "GET" else [],
        "left": factors.codes_left(request.user),
    }
    return render(request, "desk/people/recovery_codes.html", context)
