"""Forms of customers and the vendor. Numbers are accepted with blanks, NO and MVA; errors are shown at the field."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from accounts.models import Contact, ContactMail, Customer, Language, Portfolio, User, Vendor
from accounts.services.business_register import LookUp
from accounts.services.contacts import FIELDS, ContactDetails
from accounts.services.customers import COLUMNS, Details, readable_orgnr
from accounts.services.orgnr import BadOrgnr, read_orgnr
from portal.core.forms import CleanText, MayNamePersons, VersionedForm
from portal.core.masking import without_identity_numbers

PHONE = RegexValidator(
    r"^\+?[\d ()/.-]{5,30}$", _("Skriv telefonnummeret med sifre, for eksempel 22 07 70 00 eller +47 22 07 70 00.")
)
NAME_MISSING = _("Skriv navnet på virksomheten, eller slå det opp.")


class DetailsForm(VersionedForm):
    """The editable fields of a customer. A case worker must choose one of their own portfolios."""

    columns = COLUMNS

    class Meta:
        model = Customer
        fields = COLUMNS
        widgets = {"language": forms.Select}
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
            portfolio.queryset = Portfolio.objects.filter(pk__in=user.portfolio_ids)
            portfolio.required, portfolio.empty_label = True, None
            portfolio.error_messages["required"] = str(_("Velg en av porteføljene dine, ellers ser du ikke kunden."))

    @property
    def details(self) -> Details:
        fields = {name: self.cleaned_data[name] for name in COLUMNS}
        return Details(**fields, notes=self.cleaned_data.get("notes", ""))

    def validate_unique(self) -> None:
        """Left to the service: another user may have stored the same value in the meantime."""


class CustomerForm(DetailsForm):
    """A new customer."""

    orgnr = forms.CharField(
        label=_("Organisasjonsnummer"),
        max_length=40,
        help_text=_("Ni sifre. Mellomrom, NO og MVA er greit."),
        error_messages={"required": _("Skriv organisasjonsnummeret.")},
    )
    notes = forms.CharField(label=_("Notat"), required=False, widget=forms.Textarea(attrs={"rows": 3}), max_length=5000)
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


class VendorForm(VersionedForm):
    columns = ("name", "orgnr", "support_email", "support_phone")

    class Meta:
        model = Vendor
        fields = ("name", "orgnr", "support_email", "support_phone")
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
    """Whether Skatteetaten is told when somebody here opens an answer or a letter, and whether dialogs are archived in Altinn."""

    columns = ("tells_opened", "labels_dialogs")

    class Meta:
        model = Vendor
        fields = ["tells_opened", "labels_dialogs"]


class CustomerFileForm(CleanText, forms.Form):
    """A list of organisations: a file, or pasted text. A case worker must choose one of their own portfolios."""

    upload = forms.FileField(
        label=_("Fil"), required=False, help_text=_("CSV, tekst eller Excel (.xlsx). Høyst 10 MB.")
    )
    text = MayNamePersons(
        label=_("Eller lim inn"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("Én virksomhet på hver linje, med semikolon, komma eller tabulator mellom feltene."),
    )
    portfolio = forms.ModelChoiceField(
        Portfolio.objects.all(),
        label=_("Portefølje for nye kunder"),
        required=False,
        empty_label=_("Ingen"),
        help_text=_("Gjelder rader som ikke selv sier hvilken."),
    )
    looks_up = forms.BooleanField(label=_("Hent navn og status fra Enhetsregisteret"), required=False, initial=True)
    filename = ""
    content = b""
    """The bytes of the list."""

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        portfolio = self.fields["portfolio"]
        assert isinstance(portfolio, forms.ModelChoiceField)  # noqa: S101
        if not user.sees_all_customers:
            portfolio.queryset = Portfolio.objects.filter(pk__in=user.portfolio_ids)
            portfolio.required, portfolio.empty_label = True, None
            portfolio.error_messages["required"] = str(_("Velg en av porteføljene dine, ellers ser du ikke kundene."))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        upload = cleaned.get("upload")
        self.filename = without_identity_numbers(upload.name) if upload else str(_("Limt inn"))
        self.content = upload.read() if upload else cleaned.get("text", "").encode()
        if not self.content.strip() and "upload" not in self.errors:
            self.add_error("upload", _("Velg en fil, eller lim inn listen."))
        return cleaned

    def hide_identity_numbers(self) -> None:
        """In the pasted text, before the form is shown again."""
        if self.is_bound:
            sent: Any = self.data
            data = sent.copy()
            data["text"] = without_identity_numbers(data.get("text", ""))
            self.data = data


class ContactForm(VersionedForm):
    """One more person at a customer."""

    columns = FIELDS
    mails = forms.MultipleChoiceField(
        label=_("Får e-post om"),
        required=False,
        choices=ContactMail,
        widget=forms.CheckboxSelectMultiple,
        initial=ContactMail.values,
    )

    class Meta:
        model = Contact
        fields = FIELDS
        widgets = {"language": forms.Select}
        help_texts = {"language": _("Uten valg brukes språket til kunden.")}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["phone"].validators.append(PHONE)
        self.fields["language"].choices = [("", _("Som kunden")), *Language.choices]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not any(cleaned.get(name) for name in ("name", "email", "phone")):
            self.add_error("name", _("Skriv et navn, en e-postadresse eller et telefonnummer."))
        if not self.errors and cleaned.get("mails") and not cleaned.get("email"):
            self.cleaned_data["mails"] = []
        return cleaned

    @property
    def details(self) -> ContactDetails:
        fields = {name: self.cleaned_data[name] for name in FIELDS}
        return ContactDetails(**{**fields, "mails": tuple(fields["mails"])})

    def validate_unique(self) -> None:
        """Left to the service."""

    def validate_constraints(self) -> None:
        """Left to the service."""
