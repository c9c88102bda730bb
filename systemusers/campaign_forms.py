"""Forms of campaigns: whom to ask, what for, and how."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import CustomerImport, User
from portal.core.forms import CleanText, MayNamePersons
from portal.core.masking import without_identity_numbers
from systemusers.models import AccessProfile, Campaign, Kind, System
from systemusers.services.campaigns.ordering import Settings

FILTER, IMPORT, LIST = "FILTER", "IMPORT", "LIST"
SOURCES = ((FILTER, _("Kundene fra listen")), (IMPORT, _("Kundene i en import")), (LIST, _("En liste med numre")))


class ImportField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.filename)


class CampaignForm(CleanText, forms.Form):
    """`content`: the bytes of the list of numbers."""

    name = forms.CharField(
        label=_("Navn"), max_length=100, help_text=_("Bare for dere, for eksempel Årsoppgjør 2026, runde 2.")
    )
    purpose = forms.ChoiceField(
        label=_("Hva skal kampanjen gjøre?"),
        choices=Campaign.Purpose.choices,
        widget=forms.RadioSelect,
        initial=Campaign.Purpose.ASK,
    )
    profile = forms.ModelChoiceField(AccessProfile.objects.none(), label=_("Tilgangsprofil"), empty_label=None)
    source = forms.ChoiceField(label=_("Hvem gjelder det?"), choices=SOURCES, widget=forms.RadioSelect, initial=FILTER)
    customer_import = ImportField(
        CustomerImport.objects.none(), label=_("Import"), required=False, empty_label=_("Velg")
    )
    upload = forms.FileField(
        label=_("Fil"), required=False, help_text=_("CSV, tekst eller Excel (.xlsx). Høyst 10 MB.")
    )
    text = MayNamePersons(
        label=_("Eller lim inn"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("Ett organisasjonsnummer på hver linje."),
    )
    deadline = forms.DateField(
        label=_("Frist for kundene"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        help_text=_("Brukes til å anslå hvor mange som godkjenner i tide."),
    )  # fmt: skip
    per_hour = forms.IntegerField(
        label=_("Høyst så mange i timen"), required=False, min_value=1, max_value=100_000,
        help_text=_("Tomt: så fort det går."),
    )  # fmt: skip
    mails = forms.BooleanField(
        label=_("Portalen sender lenken på e-post og påminner"), required=False, initial=True,
    )  # fmt: skip
    content = b""

    def __init__(self, *args: Any, user: User, environment: str, **options: Any) -> None:
        super().__init__(*args, **options)
        profiles, imports = self.fields["profile"], self.fields["customer_import"]
        assert isinstance(profiles, forms.ModelChoiceField)  # noqa: S101
        assert isinstance(imports, forms.ModelChoiceField)  # noqa: S101
        own = AccessProfile.objects.filter(system__environment=environment, system__status=System.Status.REGISTERED)
        profiles.queryset = own.select_related("system").order_by("-kind", "name")
        done = CustomerImport.objects.visible_to(user).filter(
            environment=environment, status=CustomerImport.Status.DONE
        )
        imports.queryset = done

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        source, profile = cleaned.get("source"), cleaned.get("profile")
        if source == IMPORT and not cleaned.get("customer_import"):
            self.add_error("customer_import", gettext("Velg en import."))
        if source == LIST and "upload" not in self.errors:
            upload = cleaned.get("upload")
            self.content = upload.read() if upload else cleaned.get("text", "").encode()
            if not self.content.strip():
                self.add_error("upload", gettext("Velg en fil, eller lim inn listen."))
        if profile and profile.kind == Kind.AGENT and cleaned.get("purpose") == Campaign.Purpose.CHANGE:
            self.add_error(
                "profile", gettext("En tilgang for klienter kan ikke endres. Be om en ny ved siden av den gamle.")
            )
        return cleaned

    def settings(self) -> Settings:
        return Settings(**{name: self.cleaned_data[name] for name in Settings.__dataclass_fields__})

    def hide_identity_numbers(self) -> None:
        """In the pasted text, before the form is shown again."""
        if self.is_bound:
            sent: Any = self.data
            data = sent.copy()
            data["text"] = without_identity_numbers(data.get("text", ""))
            self.data = data
