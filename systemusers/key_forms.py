"""Forms of keys: a key made elsewhere, the kid of a key, a client to be made at Digdir. A secret is never shown again."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from portal.core.forms import CleanText, MayNamePersons, PickField, VersionedForm
from portal.core.required import required
from systemusers.forms import offer_scopes
from systemusers.models import SigningKey
from systemusers.services.keys import LIFETIME
from systemusers.services.keys.parsing import (
    KID,
    MAX_BITS,
    MIN_BITS,
    MOST_BYTES,
    BadKey,
    Fault,
    ParsedKey,
    parse_private_key,
)

FAULTS: dict[Fault, Any] = {
    Fault.NOT_TEXT: _("Filen er ikke tekst. Bruk PEM eller JWK, ikke .p12, .pfx eller .der."),
    Fault.TOO_LONG: _("Dette er for langt til å være én nøkkel."),
    Fault.NOT_A_KEY: _("Dette er ikke en nøkkel. Bruk PEM eller en privat JWK."),
    Fault.DAMAGED: _("Nøkkelen er skadet eller ufullstendig. Kopier hele, med første og siste linje."),
    Fault.CERTIFICATE: _("Dette er et sertifikat. Bruk den private nøkkelen som hører til."),
    Fault.PUBLIC_ONLY: _("Dette er bare den offentlige delen. Bruk den private nøkkelen."),
    Fault.WRONG_TYPE: _("Nøkkelen er av feil type. Maskinporten tar bare RSA."),
    Fault.TOO_SMALL: _("Nøkkelen er på %(bits)s bit. Den må ha minst %(least)s."),
    Fault.TOO_LARGE: _("Nøkkelen er for stor. Den kan ha høyst %(most)s bit."),
    Fault.SEVERAL: _("Her er det flere nøkler. Ta med bare én."),
    Fault.PASSPHRASE_NEEDED: _("Nøkkelen er kryptert. Skriv passordet til den."),
    Fault.PASSPHRASE_WRONG: _("Passordet åpner ikke nøkkelen, eller nøkkelen er skadet."),
}


class SecretArea(forms.Textarea):
    """Never shows what was typed."""

    def format_value(self, value: Any) -> str:
        return ""


class KidField(forms.CharField):
    """The id of a key, in the characters that Digdir allows."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", _("Nøkkel-id (kid)"))
        options.setdefault("help_text", _("Nøyaktig slik den står på nøkkelen hos Digdir."))
        super().__init__(max_length=255, **options)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and not KID.fullmatch(value):
            raise forms.ValidationError(_("Bruk bare bokstavene A–Z, tall, punktum, understrek og bindestrek."))


class KidForm(VersionedForm):
    """The id of a key that was never in use."""

    columns = ("kid",)

    class Meta:
        model = SigningKey
        fields = ["kid"]

    kid = KidField()

    def validate_unique(self) -> None:
        """Left to the service: the kid must be free in the whole environment."""


class ImportKeyForm(CleanText, forms.Form):
    """A private key made elsewhere. What is secret is never shown again, so it is typed again after an error."""

    key_text = MayNamePersons(
        label=_("Privat nøkkel"),
        required=False,
        widget=SecretArea(attrs={"rows": 6, "spellcheck": "false", "autocomplete": "off"}),
        help_text=_("PEM (PKCS #1 eller PKCS #8) eller privat JWK. Lim inn her, eller velg en fil under."),
    )
    key_file = forms.FileField(label=_("Fil med privat nøkkel"), required=False, allow_empty_file=True)
    key_password = forms.CharField(
        label=_("Passord på nøkkelen"), required=False, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}), help_text=_("Bare når nøkkelen er kryptert."),
    )  # fmt: skip
    kid = KidField(required=False)
    expires_on = forms.DateField(
        label=_("Utløper hos Digdir"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Står i Samarbeidsportalen. La feltet stå tomt når dere ikke vet det."),
    )

    def __init__(self, *args: Any, at: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self.at = at
        self.parsed: ParsedKey | None = None

    def clean_expires_on(self) -> datetime | None:
        """The start of that day in Norway: the key may end at any time of it."""
        day: date | None = self.cleaned_data["expires_on"]
        if day is None:
            return None
        end = timezone.make_aware(datetime.combine(day, time.min))
        if end <= self.at:
            raise forms.ValidationError(_("Datoen er passert. Maskinporten tar ikke lenger imot nøkkelen."))
        if end > self.at + LIFETIME:
            raise forms.ValidationError(_("En nøkkel varer høyst ett år hos Digdir. Sjekk datoen."))
        return end

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        self._parse(data)
        if self.parsed and not data.get("kid") and "kid" not in self.errors:
            self._take_kid(data)
        return data

    def _parse(self, data: dict[str, Any]) -> None:
        typed, file = data.get("key_text") or "", data.get("key_file")
        if bool(typed.strip()) == bool(file is not None):
            both = _("Velg én av dem: lim inn nøkkelen, eller velg fil.")
            self.add_error("key_text", both if file is not None else _("Lim inn nøkkelen, eller velg en fil."))
            return
        raw = file.read(MOST_BYTES + 1) if file is not None else typed.encode()
        try:
            self.parsed = parse_private_key(raw, passphrase=data.get("key_password") or "")
        except BadKey as error:
            field = "key_password" if error.is_about_passphrase else "key_file" if file is not None else "key_text"
            self.add_error(field, FAULTS[error.fault] % {"bits": error.bits, "least": MIN_BITS, "most": MAX_BITS})

    def _take_kid(self, data: dict[str, Any]) -> None:
        """A JWK may bring its kid."""
        parsed = required(self.parsed, because="it is asked for a key that was parsed")
        if KID.fullmatch(parsed.kid):
            data["kid"] = parsed.kid
        else:
            self.add_error("kid", _("Skriv nøkkel-id-en (kid) som står på nøkkelen hos Digdir."))


class NewClientForm(CleanText, forms.Form):
    """A client to be made at Digdir through its API."""

    name = forms.CharField(label=_("Navn"), max_length=100)
    description = forms.CharField(
        label=_("Beskrivelse"), max_length=200, help_text=_("Vises i Samarbeidsportalen. Skriv hva klienten er til.")
    )
    scopes = PickField(label=_("Scope"), help_text=_("De portalen bruker, er krysset av."))

    def __init__(self, *args: Any, environment: str, **options: Any) -> None:
        super().__init__(*args, **options)
        offer_scopes(self, environment, ticked=True)

    def clean_scopes(self) -> list[str]:
        scopes: list[str] = self.cleaned_data["scopes"]
        for scope in scopes:
            if scope.split() != [scope]:
                raise forms.ValidationError(
                    _("%(scope)s har mellomrom. Skriv ett scope på hver linje.") % {"scope": scope}
                )
        return list(dict.fromkeys(scopes))
