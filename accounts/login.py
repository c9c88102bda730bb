"""Log-in of staff: administrators create accounts, so there is no sign-up. Texts of our own instead of allauth's."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.authentication import get_authentication_records
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import ResetPasswordForm as AllauthResetForm
from allauth.account.forms import ResetPasswordKeyForm as AllauthKeyForm
from allauth.core import context
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts import devices
from accounts.models import LogIn, User
from accounts.models.people import find_with_given
from accounts.services import attempts, factors, log_ins, session_ends, single_sign_on, staff_mails, visits
from accounts.services.visits import STAND_IN, Visit
from portal.core.forms import CleanText
from portal.core.outbox.message import hash_of
from portal.core.outbox.put import put_mail

BEFORE = "log_in_before"
NO_PASSWORD = make_password(None)
LABELS = {
    "login": _("E-post"),
    "email": _("E-post"),
    "password": _("Passord"),
    "password1": _("Nytt passord"),
    "password2": _("Nytt passord en gang til"),
}


class Backend(AuthenticationBackend):
    def get_user(self, user_id: int) -> User | None:
        """The person of a request, and what they were given: one query for both."""
        user = find_with_given(user_id)
        is_let_in = user is not None and self.user_can_authenticate(user) and _is_real(user)
        return user if is_let_in else None

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> Any:
        user = super().authenticate(request, **credentials)
        return user if user is None or _is_real(user) else None


def _is_real(user: Any) -> bool:
    """In production, nobody of the demonstration: their password is printed."""
    return bool(settings.LOCAL or not user.is_demonstration)


class ClosedSignup(DefaultAccountAdapter):
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("E-postadressen eller passordet er feil."),
        "account_inactive": _("Kontoen er stengt. Spør en administrator."),
        "too_many_login_attempts": _("For mange forsøk. Vent noen minutter og prøv igjen."),
        "enter_current_password": _("Skriv passordet du har nå."),
        "incorrect_password": _("Passordet er feil."),
        "unknown_email": _("Vi kjenner ikke adressen."),
        "password_min_length": _("Passordet er for kort."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def login(self, request: HttpRequest, user: Any) -> None:
        """Store the time of the previous log-in in the session, before `last_login` is overwritten."""
        before = user.last_login
        super().login(request, user)
        request.session[BEFORE] = before.isoformat() if before else ""
        session_ends.begin(request.session, at=timezone.now())
        if any(each["method"] == "socialaccount" for each in get_authentication_records(request, user)):
            single_sign_on.note_checked(request.session, at=timezone.now())
        visit = self._visit(request)
        used = _factor_used(request, user)
        visits.note_logged_in(user=user, visit=visit, factor=used)
        factors.note_used(user=user, kind=used, at=visit.at)
        if not request.session.session_key:  # somebody else was logged in here
            request.session.save()
        log_ins.began(user=user, session_key=request.session.session_key or "", visit=visit)

    def logout(self, request: HttpRequest) -> None:
        if isinstance(request.user, User):
            visits.note_logged_out(user=request.user, visit=self._visit(request))
            log_ins.ended(session_key=request.session.session_key)
        super().logout(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Instead of allauth's limits, by which a stranger locks a colleague out."""
        if not settings.LOCAL_PASSWORDS:
            raise ValidationError(_("Logg inn med %(name)s.") % {"name": settings.OIDC_NAME})
        self._attempt = attempts.Attempt(_address(credentials), ip_of(request), "", timezone.now())
        self._attempt = replace(self._attempt, device=devices.device_of(request, self._attempt.address))
        try:
            attempts.begin(self._attempt)
        except attempts.Wait as error:
            visits.note_blocked(address=self._attempt.address, visit=self._visit(request))
            wait = _("For mange forsøk. Prøv igjen %(when)s.") % {"when": _in(error.seconds)}
            raise ValidationError(wait, code="too_many_login_attempts") from error
        except attempts.UnknownBrowser as error:
            visits.note_blocked(address=self._attempt.address, visit=self._visit(request))
            text = _("For mange forsøk på denne kontoen i dag. Lag nytt passord med lenken under, så slipper du inn.")
            raise ValidationError(text, code="too_many_login_attempts") from error

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        user = super().authenticate(request, **credentials)
        if user is not None:
            attempts.succeeded(self._attempt)
        return user

    def reauthenticate(self, user: Any, password: str) -> bool:
        """allauth looks for the address in a table that we do not use."""
        found = self.authenticate(context.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk

    def post_login(self, request: HttpRequest, user: Any, **options: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **options)
        devices.remember(request, response, user.email)
        return response

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        super().authentication_failed(request, **credentials)
        visits.note_failed(address=_address(credentials), visit=self._visit(request))

    def set_password(self, user: Any, password: str) -> None:
        """Called when somebody followed the link in the mail. The hash in each session ends those that are open."""
        with transaction.atomic():
            super().set_password(user, password)
            visits.note_password_reset(user=user, visit=self._visit(self.request))
            User.objects.filter(pk=user.pk, invited_at__isnull=False).update(invited_at=None)
            LogIn.objects.filter(user=user).delete()
            staff_mails.password_changed(user=user, at=timezone.now())
        self.request.session[devices.RESET] = hash_of(user.email)

    def _visit(self, request: HttpRequest) -> Visit:
        return visit_of(request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Into the outbox: no request waits for a mail server."""
        put_mail(self._mail(template_prefix, email, context), at=timezone.now())

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """Stops being tried when the link in it has expired. For the stand-in the same work is done and nothing is sent."""
        at, prefix = timezone.now(), "account/email/password_reset_key"
        visits.note_reset_asked(address=email, visit=self._visit(self.request))
        put_mail(
            self._mail(prefix, email, context),
            key=f"password-reset:{salted_hmac('password-reset', context['key'], algorithm='sha256').hexdigest()}",
            at=at,
            give_up_at=at + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT),
            send=attempts.may_mail(email) and user.pk != STAND_IN,
        )

    def _mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> EmailMessage:
        base = {"request": self.request, "email": email, "current_site": get_current_site(self.request)}
        mail: EmailMessage = self.render_mail(template_prefix, email, {**base, **context})
        return mail


def visit_of(request: HttpRequest) -> Visit:
    """Where the request came from."""
    agent = DefaultAccountAdapter(request).get_http_user_agent(request)
    return Visit(ip=ip_of(request), agent=agent, at=timezone.now())


def ip_of(request: HttpRequest) -> str:
    """Empty where the proxies do not say."""
    try:
        return str(DefaultAccountAdapter(request).get_client_ip(request))
    except PermissionDenied:
        return ""


def _in(seconds: int) -> str:
    """How long somebody waits: "om 40 sekunder"."""
    if seconds < 90:
        return ngettext("om %(n)s sekund", "om %(n)s sekunder", seconds) % {"n": seconds}
    minutes = round(seconds / 60)
    return ngettext("om %(n)s minutt", "om %(n)s minutter", minutes) % {"n": minutes}


def _factor_used(request: HttpRequest, user: User) -> str:
    """The kind of factor that was given beside the password; "" for none."""
    kinds = [each["type"] for each in get_authentication_records(request, user) if each["method"] == "mfa"]
    return str(kinds[-1]) if kinds else ""


def _address(credentials: dict[str, Any]) -> str:
    return str(credentials.get("email") or credentials.get("username") or "")


def previous_login(request: HttpRequest) -> datetime | None:
    """The user's log-in before the current one; None at the first."""
    stored = request.session.get(BEFORE, "")
    return datetime.fromisoformat(stored) if stored else None


class _OurWords:
    """Our own labels, without allauth's help texts and placeholders."""

    fields: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label, field.help_text = LABELS.get(name, field.label), ""
            field.widget.attrs.pop("placeholder", None)


class LoginForm(CleanText, _OurWords, AllauthLoginForm):
    pass


class ResetPasswordForm(CleanText, _OurWords, AllauthResetForm):
    """Does the same work for an unknown address as for a known one, so that neither answer nor time tells them apart."""

    def clean_email(self) -> str:
        """One query whether somebody has the address or not; a token is made for the stand-in too."""
        email: str = self.cleaned_data["email"]
        known = User.objects.filter(email=email.lower(), is_active=True).first()
        self.users = [known or User(pk=STAND_IN, email=email.lower(), password=NO_PASSWORD)]
        return email


class ResetPasswordKeyForm(CleanText, _OurWords, AllauthKeyForm):
    pass
