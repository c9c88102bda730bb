"""Innstillinger: when mails to customers are sent, what they say, and whether receivers believe our domain."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST

from accounts.guard import StaffRequest, staff_page
from accounts.models import Language, Vendor
from portal.core.problems import code_of
from portal.core.stale import EditedMeanwhile
from portal.explain import explain
from portal.gateways.errors import BrokenReply, Unavailable
from systemusers.mail_forms import MailPlanForm, MailTextForm
from systemusers.models import MailDomainCheck, MailKind, MailTemplate
from systemusers.services.invitations import compose, domain
from systemusers.services.invitations import settings as service
from systemusers.services.invitations.texts import IN_SUBJECT, BadText, Text, placeholders_of, usual_text

PREVIEW_POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox"
"""A mail has its styles at the elements. Nothing in it runs, and its links open nothing."""


@staff_page(may="keeps_mails")
@require_http_methods(["GET", "HEAD", "POST"])
def overview(request: StaffRequest) -> HttpResponse:
    form = MailPlanForm(request.POST or None, instance=service.mail_plan())
    if request.method == "POST" and form.is_valid():
        try:
            service.save_plan(plan=form.instance, seen=form.seen, by=request.user.actor, at=timezone.now())
        except EditedMeanwhile as error:
            form.show_edited(error)
        else:
            messages.success(request, _("Planen er lagret."))
            return redirect("mail-settings", environment=request.environment)
    name = domain.sender_domain()
    checked = MailDomainCheck.objects.filter(domain=name).first()
    context = {
        "form": form, "texts": _texts(), "sender": settings.DEFAULT_FROM_EMAIL, "domain": name, "checked": checked,
        "verdicts": domain.shown(checked) if checked else [], "is_local": settings.LOCAL,
    }  # fmt: skip
    return render(request, "systemusers/mail_settings.html", context, status=422 if form.errors else 200)


def _texts() -> list[dict[str, Any]]:
    """Each kind with its languages, and whether the text is one's own."""
    own = set(MailTemplate.objects.values_list("kind", "language"))
    return [
        {"label": kind.label, "languages": [
            {"kind": kind.value.lower(), "code": code, "label": label, "is_own": (kind.value, code) in own}
            for code, label in Language.choices
        ]}
        for kind in MailKind
    ]  # fmt: skip


def _which(kind: str, language: str) -> tuple[MailKind, str]:
    if kind.upper() not in MailKind.values or language not in Language.values or not kind.islower():
        raise Http404
    return MailKind(kind.upper()), language


@staff_page(may="keeps_mails")
@require_http_methods(["GET", "HEAD", "POST"])
def text(request: StaffRequest, kind: str, language: str) -> HttpResponse:
    """One form with three buttons: save, send a test to oneself, back to the usual text."""
    which, code = _which(kind, language)
    stored = service.text_of(kind=which, language=code)
    form = MailTextForm(request.POST or None, initial={"subject": stored.subject, "body": stored.body})
    here = reverse("mail-text", kwargs={"environment": request.environment, "kind": kind, "language": language})
    if request.method == "POST" and "usual" in request.POST:
        service.drop_text(kind=which, language=code, by=request.user.actor, at=timezone.now())
        messages.success(request, _("Den vanlige teksten gjelder igjen."))
        return redirect(here)
    if request.method == "POST" and form.is_valid() and _did(request, form, which, code) and "test" not in request.POST:
        return redirect(here)
    page = render(request, "systemusers/mail_text.html", {
        "form": form, "kind": kind, "label": which.label, "language": language, "named": Language(code).label,
        "is_own": MailTemplate.objects.filter(kind=which, language=code).exists(),
        "in_subject": _fields(IN_SUBJECT), "in_body": _fields(placeholders_of(which)),
    }, status=422 if form.errors else 200)  # fmt: skip
    page["Content-Security-Policy"] = _with_frame()
    return page


def _did(request: StaffRequest, form: MailTextForm, kind: MailKind, language: str) -> bool:
    """Save or send the test. Problems are shown in the form."""
    which: dict[str, Any] = {"kind": kind, "language": language, "text": form.text}
    try:
        if "test" not in request.POST:
            service.save_text(**which, by=request.user.actor, at=timezone.now())
            messages.success(request, _("Teksten er lagret."))
            return True
        service.send_test(**which, vendor=_vendor(), to=request.user, at=timezone.now())
    except BadText as error:
        form.show(error)
        return False
    messages.success(request, _("Prøven er sendt til %(address)s.") % {"address": request.user.email})
    return True


def _fields(names: tuple[str, ...]) -> str:
    return ", ".join(f"{{{name}}}" for name in names)


def _with_frame() -> str:
    """The policy of all pages, and a frame of our own for the preview."""
    policy = {**settings.CONTENT_SECURITY_POLICY, "frame-src": ["'self'"]}
    return "; ".join(f"{name} {' '.join(sources)}" for name, sources in policy.items())


def _vendor() -> Vendor:
    return Vendor.objects.first() or Vendor(name=_("Leverandøren"))


@staff_page(may="keeps_mails")
@xframe_options_sameorigin
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: StaffRequest, kind: str, language: str) -> HttpResponse:
    """The HTML of the mail: as it is stored, or as the form has it. For a frame in the page of the text."""
    which, code = _which(kind, language)
    wanted = service.text_of(kind=which, language=code)
    if request.method == "POST":
        form = MailTextForm(request.POST)
        wanted = form.text if form.is_valid() else usual_text(which, code)
    vendor = _vendor()
    mail = service.example(kind=which, language=code, text=_one_line(wanted), vendor=vendor)
    logo = vendor.logo.url if vendor.logo else ""
    page = HttpResponse(mail["html"].replace(f"cid:{compose.LOGO}", logo))
    page["Content-Security-Policy"] = PREVIEW_POLICY
    return page


def _one_line(text: Text) -> Text:
    return Text(" ".join(text.subject.split()), text.body)


@staff_page(may="keeps_mails")
@require_POST
def check_domain(request: StaffRequest) -> HttpResponse:
    try:
        row = domain.check(by=request.user.actor, at=timezone.now())
    except Unavailable:
        messages.error(request, _("Navnetjeneren (DNS) svarer ikke nå. Prøv igjen om litt."))
    except BrokenReply as error:
        messages.error(request, explain(code_of(error)).sentence)
    else:
        if row is None:
            messages.warning(request, _("MAIL_FROM har ikke noe domene som kan slås opp."))
        else:
            messages.success(request, _("Domenet er undersøkt."))
    return redirect("mail-settings", environment=request.environment)
