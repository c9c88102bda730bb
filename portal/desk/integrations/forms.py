"""Forms of the page of integrations: what one may do, a new secret, a public key."""

from __future__ import annotations

from datetime import timedelta
from ipaddress import ip_network
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import Integration, Scope, User
from accounts.services.integrations.keeping import COLUMNS, may_give
from accounts.services.integrations.public_keys import BadPublicKey, PublicKey, parse_public_key
from portal.core.forms import CleanText, LinesField, VersionedForm
from portal.core.stale import EditedMeanwhile

ALL, OWN = "all", "own"
SIGHT = [(OWN, lazy("Kunder i porteføljene under")), (ALL, lazy("Alle kunder i miljøet"))]
MOST_NETWORKS = 50


class IntegrationForm(VersionedForm):
    """`user` gives no more than they see themselves."""

    columns = COLUMNS
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices, label=lazy("Kan"), widget=forms.CheckboxSelectMultiple,
        help_text=lazy("Gi bare det systemet trenger. Ingen integrasjon kan godkjenne som andre person."),
    )  # fmt: skip
    sight = forms.ChoiceField(choices=SIGHT, label=lazy("Ser"), widget=forms.RadioSelect, initial=OWN)
    networks = LinesField(
        label=lazy("IP-adresser den kan kalle fra"), required=False,
        help_text=lazy("Én på hver linje, som 192.0.2.10 eller 192.0.2.0/24. Uten noen kan den kalle fra hvor som helst."),
    )  # fmt: skip

    class Meta:
        model = Integration
        fields = ("name", "purpose", "scopes", "portfolios", "networks", "needs_employee", "calls_a_minute")
        widgets: ClassVar = {"portfolios": forms.CheckboxSelectMultiple}
        help_texts: ClassVar = {
            "name": lazy(
                "Små bokstaver a–z, tall og bindestrek, som «lonn-2». "
                "Slik står den i loggen over hvem som har gjort hva, og det kan ikke endres senere."
            ),
            "needs_employee": lazy("Da må hvert kall ha e-postadressen til en ansatt som selv har rollen til det."),
        }

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["portfolios"].queryset = may_give(user)  # type: ignore[attr-defined]
        if self.instance.pk:
            del self.fields["name"]
            self.fields["sight"].initial = ALL if self.instance.sees_all_customers else OWN
        if not user.sees_all_customers and not self.instance.sees_all_customers:
            self.fields["sight"].choices = SIGHT[:1]  # type: ignore[attr-defined]

    def clean_networks(self) -> list[str]:
        given: list[str] = self.cleaned_data["networks"]
        if len(given) > MOST_NETWORKS:
            raise ValidationError(_("Høyst %(n)s adresser."), params={"n": MOST_NETWORKS})
        for each in given:
            try:
                ip_network(each, strict=False)
            except ValueError:
                raise ValidationError(_("%(text)s er ingen IP-adresse."), params={"text": each[:50]}) from None
        return given

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("sight") == OWN and not data.get("portfolios"):
            self.add_error("portfolios", _("Velg minst én portefølje. Ellers ser den ingen kunder."))
        return data

    def wanted(self) -> Integration:
        """The row with what was chosen; the service stores it."""
        row: Integration = self.instance
        row.sees_all_customers = self.cleaned_data["sight"] == ALL
        return row

    def show_edited(self, error: EditedMeanwhile) -> None:
        values = dict(error.values)
        if "sees_all_customers" in values:
            values["sight"] = ALL if values.pop("sees_all_customers") else OWN
        super().show_edited(EditedMeanwhile(values, version=error.version))

    def save(self, commit: bool = True) -> Any:
        raise TypeError("the service stores it")


KEEP = "keep"
OVERLAP = [
    ("7", lazy("I en uke til")), ("1", lazy("I et døgn til")), ("30", lazy("I 30 dager til")), ("0", lazy("Nei, slutt nå")),
    (KEEP, lazy("Ja, til noen avslutter den")),
]  # fmt: skip


class SecretForm(CleanText, forms.Form):
    overlap = forms.ChoiceField(
        choices=OVERLAP, label=lazy("Skal den gamle hemmeligheten virke videre?"), widget=forms.RadioSelect, initial="7",
        help_text=lazy("Begge virker så lenge. Da kan systemet bytte uten at noe stopper."),
    )  # fmt: skip

    @property
    def old_for(self) -> timedelta | None:
        chosen = self.cleaned_data["overlap"]
        return None if chosen == KEEP else timedelta(days=int(chosen))


class KeyForm(CleanText, forms.Form):
    key = forms.CharField(
        label=lazy("Offentlig nøkkel"), widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}), max_length=10_000,
        help_text=lazy("JWK eller PEM: RSA med 2048 bit eller mer, EC P-256 eller Ed25519. Aldri den private."),
    )  # fmt: skip

    def clean_key(self) -> PublicKey:
        try:
            return parse_public_key(self.cleaned_data["key"])
        except BadPublicKey as error:
            raise ValidationError(str(error)) from None
