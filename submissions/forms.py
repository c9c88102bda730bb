"""Forms of the submissions app: what to report, for which year, and the files."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.core.forms import CleanText, FilesField
from submissions.services.offers import Offer

FIRST_YEAR = 2015


class FilesForm(CleanText, forms.Form):
    uploads = FilesField(
        label=_("Legg til filer"),
        help_text=_("Velg alle på én gang, i hvilken som helst rekkefølge. En fil med samme navn erstatter den gamle."),
        error_messages={"required": _("Velg minst én fil.")},
    )

    def __init__(self, *args: Any, extensions: tuple[str, ...] = (), **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["uploads"].widget.attrs["accept"] = ",".join(extensions)


class NewSubmissionForm(CleanText, forms.Form):
    """`offers` are (key, Offer); the key names access and service together."""

    offer = forms.ChoiceField(
        label=_("Hva skal leveres?"), widget=forms.RadioSelect, error_messages={"required": _("Velg en tjeneste.")}
    )
    year = forms.TypedChoiceField(label=_("Inntektsår"), coerce=int)
    uploads = FilesField(
        label=_("Filer"),
        required=False,
        help_text=_("Velg alle på én gang, i hvilken som helst rekkefølge. Du kan også legge dem til etterpå."),
    )

    beside = forms.BooleanField(label=_("Start en ny kladd ved siden av den som finnes"), required=False)

    def __init__(self, *args: Any, offers: dict[str, Offer], this_year: int, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offers = offers
        allowed = [(key, offer.label) for key, offer in offers.items() if offer.is_allowed]
        self.fields["offer"].choices = allowed  # type: ignore[attr-defined]
        self.fields["offer"].initial = allowed[0][0] if allowed else None
        years = [(str(year), str(year)) for year in range(this_year, FIRST_YEAR - 1, -1)]
        self.fields["year"].choices = years  # type: ignore[attr-defined]
        self.fields["year"].initial = str(this_year - 1)


class FoundForm(CleanText, forms.Form):
    """The answer about deliveries that were there before: SEND, DISCARD, or the id of the one that is ours."""

    SEND, DISCARD = "send", "discard"
    answer = forms.RegexField(regex=r"^(send|discard|[0-9]{1,15})$")

    def clean(self) -> dict[str, Any]:
        """`shown` are the ids of the deliveries on the page that was answered."""
        ids = self.data.getlist("shown")  # type: ignore[attr-defined] # a QueryDict
        shown = frozenset(int(pk) for pk in ids if pk.isascii() and pk.isdecimal() and len(pk) < 16)
        return {**self.cleaned_data, "shown": shown}


class SettleForm(CleanText, forms.Form):
    """What became of a report whose answer was lost and whose access is gone."""

    ARRIVED, NOT_ARRIVED = "arrived", "not-arrived"
    outcome = forms.ChoiceField(
        label=_("Hva har dere funnet ut?"),
        widget=forms.RadioSelect,
        choices=[(ARRIVED, _("Oppgaven kom fram")), (NOT_ARRIVED, _("Oppgaven kom ikke fram"))],
        error_messages={"required": _("Velg om oppgaven kom fram.")},
    )
    reason = forms.CharField(
        label=_("Hvordan vet dere det?"),
        help_text=_("For eksempel hvem hos Skatteetaten eller kunden som svarte, og når."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
        error_messages={"required": _("Skriv hvordan dere vet det.")},
    )
