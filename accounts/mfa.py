"""allauth's second factor with our texts: how its secrets are stored, and the log-in's page that asks for it."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

import segno
from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.adapter import DefaultMFAAdapter, get_adapter
from allauth.mfa.base.forms import AuthenticateForm
from allauth.mfa.base.views import AuthenticateView
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    validate_totp_code,
    yield_hotp_counters_from_time,
)
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm
from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.login import visit_of
from accounts.models import User
from accounts.services import factors, visits
from portal.core.crypto import CannotDecrypt
from portal.core.forms import CleanText
from portal.core.valkey import answers


class Adapter(DefaultMFAAdapter):
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": lazy("Koden stemmer ikke. Bruk den nyeste i appen, og hver kode bare én gang."),
    }

    def encrypt(self, text: str) -> str:
        return factors.seal(text, owner=_owner(context.request).pk)

    def decrypt(self, encrypted_text: str) -> str:
        return factors.unseal(encrypted_text, owner=_owner(context.request).pk)

    def get_totp_issuer(self) -> str:
        """What the app shows above the code."""
        return urlsplit(settings.PORTAL_URL).hostname or ""

    def build_totp_svg(self, url: str) -> str:
        return str(segno.make(url, error="m").svg_inline(scale=4, border=4, light="#fff"))

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys belong to a host name. In production it is that of PORTAL_URL, whichever of ALLOWED_HOSTS was used."""
        host = context.request.get_host() if settings.LOCAL else urlsplit(settings.PORTAL_URL).netloc
        return {"id": host.rpartition(":")[0] or host, "name": self.get_totp_issuer()}

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        number = sum(factor.kind == factors.Kind.WEBAUTHN for factor in factors.factors_of(user))
        return _("Passnøkkel %(number)s") % {"number": number + 1}


def _owner(request: HttpRequest) -> User:
    """Whose factor it is about: who is logged in, or who has given the right password and now gives a code."""
    if isinstance(request.user, User):
        return request.user
    user: User = request._login_stage.login.user  # type: ignore[attr-defined] # set by allauth for the page of the code
    return user


def takes_passkeys(request: HttpRequest) -> bool:
    """Whether browsers make passkeys here: for the name of a host, not for a bare address."""
    host = context.request.get_host().rpartition(":")[0] or request.get_host()
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False


UNREADABLE = lazy("Portalen kan ikke lese kodeappen din. Be en administrator fjerne totrinnsinnloggingen.")


NOT_NOW = lazy("Portalen kan ikke ta imot koder akkurat nå. Prøv igjen om litt, eller bruk en passnøkkel.")


def _is_new(authenticator: Authenticator, code: str) -> bool:
    """Whether the code of an app is of a later step than the one before it. allauth remembers a code for one step only."""
    if authenticator.type != Authenticator.Type.TOTP:
        return True
    secret = get_adapter().decrypt(authenticator.data["secret"])
    typed = normalize_user_code(code)
    steps = [step for step in yield_hotp_counters_from_time() if format_hotp_value(hotp_value(secret, step)) == typed]
    return bool(steps) and factors.take_step(authenticator=authenticator, step=max(steps))


class CodeField(CleanText):
    """The field of a code, as an app shows it or as it was written down."""

    fields: dict[str, Any]
    user: User
    authenticator: Authenticator

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["code"]
        field.label = _("Kode fra appen, eller en gjenopprettingskode")
        field.widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric"}

    def clean_code(self) -> str:
        """Attempts are counted in Valkey. Without it no code is tried: there are only a million of them."""
        if not answers():
            raise ValidationError(NOT_NOW)
        try:
            code = str(super().clean_code())  # type: ignore[misc] # of allauth's form
            if not _is_new(self.authenticator, code):
                raise get_adapter().validation_error("incorrect_code")
        except CannotDecrypt as error:
            raise ValidationError(UNREADABLE) from error
        return code

    def _emit_authentication_failed(self, authenticator: Any) -> None:
        visits.note_wrong_code(user=self.user, visit=visit_of(context.request))


class CodeForm(CodeField, AuthenticateForm):
    pass


class WellFormed(CleanText):
    """What is no answer of a browser gets an error at the field. allauth and fido2 expect every key to be there."""

    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()  # type: ignore[misc] # of allauth's form
        except (KeyError, TypeError, AttributeError) as error:
            raise ValidationError(_("Nettleseren sendte ikke en passnøkkel.")) from error


class PasskeyForm(WellFormed, AuthenticateWebAuthnForm):
    pass


class NewPasskeyForm(CleanText, AddWebAuthnForm):
    """The credential that the browser has made, and what the person calls it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["name"].label = _("Hva du vil kalle den")

    def clean(self) -> dict[str, Any]:
        try:
            return dict(super().clean() or {})
        except (KeyError, TypeError, AttributeError) as error:
            raise ValidationError(_("Nettleseren sendte ikke en passnøkkel.")) from error


class NewCodeAppForm(CleanText, forms.Form):
    """A code of the app, made with the secret that the page showed. The secret travels sealed for its owner."""

    sealed = forms.CharField(widget=forms.HiddenInput)
    code = forms.CharField(label=lazy("Koden som appen viser"), max_length=20)

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        self.fields["code"].widget.attrs = {"autocomplete": "one-time-code", "inputmode": "numeric"}

    @property
    def secret(self) -> str:
        """Empty when it is not one that this page has shown to this person."""
        try:
            return factors.unseal(str(self["sealed"].value() or ""), owner=self.user.pk)
        except CannotDecrypt:
            return ""

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        if not self.secret or not validate_totp_code(self.secret, code):
            raise ValidationError(_("Koden stemmer ikke. Se at klokken på telefonen går riktig, og skriv den nyeste."))
        return code


class FactorView(AuthenticateView):
    """The second page of the log-in, for those who have a second factor."""

    template_name = "account/factor.html"


ask_factor = FactorView.as_view()
