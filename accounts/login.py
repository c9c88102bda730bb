"""Log-in of staff: administrators create accounts, so there is no sign-up. Texts of our own instead of allauth's."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import ResetPasswordForm as AllauthResetForm
from allauth.account.forms import ResetPasswordKeyForm as AllauthKeyForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

BEFORE = "log_in_before"
LABELS = {
    "login": _("E-post"),
    "email": _("E-post"),
    "password": _("Passord"),
    "password1": _("Nytt passord"),
    "password2": _("Nytt passord en gang til"),
}


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


class LoginForm(_OurWords, AllauthLoginForm):
    pass


class ResetPasswordForm(_OurWords, AllauthResetForm):
    pass


class ResetPasswordKeyForm(_OurWords, AllauthKeyForm):
    pass
