"""Forms of customers and the vendor. Numbers are accepted with blanks, NO and MVA; errors are shown at the field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, User, Vendor
from accounts.services.business_register import LookUp
from accounts.services.customer_list import decoded
from accounts.services.customers import Details, readable_orgnr
from accounts.services.orgnr import BadOrgnr, read_orgnr
from portal.core.forms import CleanText, VersionedForm
from portal.core.masking import without_identity_numbers

PHONE = RegexValidator(
    r"^\+?[\d ()/.-]{5,30}$", _("Skriv telefonnummeret med sifre, for eksempel 22 07 70 00 eller +47 22 07 70 00.")
)
NAME_MISSING = _("Skriv navnet på virksomheten, eller slå det opp.")


class DetailsForm(CleanText, forms.ModelForm):
    """The editable fields of a customer. A case worker must choose one of their own portfolios."""

    class Meta:
        model = Customer
        fields = [
            "name",
            "reference",
            "portfolio",
            "language",
            "contact_name",
            "contact_email",
            "contact_phone",
            "notes",
        ]
        widgets = {"notes": forms.Textarea(attrs={"rows": 3}), "language": forms.Select}
        help_texts = {
            "reference": _("Det dere kaller kunden i deres eget system. Kan søkes etter."),
            "portfolio": _("Hvem hos dere som følger opp kunden."),
            "language": _("Språket kunden møter på lenken sin."),
        }

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["name"].error_messages["required"] = str(NAME_MISSING)
        self.fields["contact_phone"].validators.append(PHONE)
        self.fields["name"].label = _("Navn på virksomheten")
        portfolio = self.fields["portfolio"]
        assert isinstance(portfolio, forms.ModelChoiceField)  # noqa: S101
        portfolio.empty_label = str(_("Ingen"))
        if not user.sees_all_customers:
            portfolio.queryset = user.portfolios.all()
            portfolio.required, portfolio.empty_label = True, None
            portfolio.error_messages["required"] = str(_("Velg en av porteføljene dine, ellers ser du ikke kunden."))

    @property
    def details(self) -> Details:
        return Details(**{name: self.cleaned_data[name] for name in DetailsForm.Meta.fields})

    def validate_unique(self) -> None:
        """Left to the service: another user may have stored the same value in the meantime."""


class CustomerForm(DetailsForm):
    """A new customer."""

    orgnr = forms.CharField(
        label=_("Organisasjonsnummer"),
        max_length=40,
        help_text=_("Ni sifre. Mellomrom, NO og MVA gjør ingenting."),
        error_messages={"required": _("Skriv organisasjonsnummeret.")},
    )
    field_order = ["orgnr"]

    def __init__(self, *args: Any, environment: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.environment = environment

    def clean_orgnr(self) -> str:
        try:
            return readable_orgnr(self.cleaned_data["orgnr"], environment=self.environment)
        except BadOrgnr as error:
            raise forms.ValidationError(str(error)) from error

    def prefilled(self, lookup: LookUp, *, user: User) -> CustomerForm:
        """The same form, its empty fields filled from the register. Typed values are kept."""
        typed = {name: self.data.get(name, "") for name in self.fields}
        if lookup.unit:
            typed |= {"name": typed["name"] or lookup.unit.name, "language": lookup.unit.language}
        return CustomerForm(initial=typed, user=user, environment=self.environment)


class VendorForm(CleanText, forms.ModelForm):
    class Meta:
        model = Vendor
        fields = ["name", "orgnr", "support_email", "support_phone"]
        help_texts = {
            "name": _("Slik kundene kjenner dere. Står på siden de godkjenner fra."),
            "support_phone": _("Kundene ser nummeret og e-postadressen når de trenger hjelp."),
        }

    orgnr = forms.CharField(label=_("Organisasjonsnummer"), max_length=40)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["support_phone"].validators.append(PHONE)

    def clean_orgnr(self) -> str:
        try:
            return read_orgnr(self.cleaned_data["orgnr"])
        except BadOrgnr as error:
            raise forms.ValidationError(str(error)) from error


class TellsOpenedForm(VersionedForm):
    """Whether Skatteetaten is told when somebody here opens an answer or a letter."""

    columns = ("tells_opened",)

    class Meta:
        model = Vendor
        fields = ["tells_opened"]


class CustomerListForm(CleanText, forms.Form):
    """A list of organisations: a file, or pasted text."""

    upload = forms.FileField(
        label=_("Fil"), required=False, help_text=_("CSV eller tekst fra Tenor eller et regneark.")
    )
    text = forms.CharField(
        label=_("Eller lim inn"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_("Én virksomhet på hver linje: nummer; navn; godkjenner; rolle. Bare nummeret må være med."),
    )
    content = ""
    """The text of the list."""

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        upload = cleaned.get("upload")
        self.content = decoded(upload.read()) if upload else cleaned.get("text", "")
        if not self.content.strip() and not self.errors:
            self.add_error("upload", _("Velg en fil, eller lim inn listen."))
        return cleaned

    def hide_identity_numbers(self) -> None:
        """In the pasted text, before the form is shown again."""
        if self.is_bound:
            self.data = {"text": without_identity_numbers(self.data.get("text", ""))}
