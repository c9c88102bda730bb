"""Forms of the submissions app: what to report, for which period, and the files."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.core.forms import CleanText, FilesField, MayNamePersons
from submissions.adapters.retrieval import Ask, Retrieval
from submissions.period import Period, PeriodKind
from submissions.services.catalogue import Service
from submissions.services.offers import Offer
from submissions.services.orders import making

FIRST_YEAR = 2015
MONTHS, TERMS = 36, 18
"""How many of the last months and terms can be picked."""
HEADINGS = {PeriodKind.YEAR: _("Inntektsår"), PeriodKind.MONTH: _("Måned"), PeriodKind.TERM: _("Termin")}
WANTED = {
    PeriodKind.YEAR: _("Denne tjenesten er for et inntektsår. Velg et år."),
    PeriodKind.MONTH: _("Denne tjenesten er for en måned. Velg en måned."),
    PeriodKind.TERM: _("Denne tjenesten er for en termin. Velg en termin."),
}
Choices = list[tuple[str, Any]]


def period_choices(kinds: Collection[PeriodKind], *, today: date) -> Choices:
    """Periods to pick from, the newest first; under headings, and with an empty one, when they are of several kinds."""
    lists: list[tuple[Any, Choices]] = [(HEADINGS[kind], _periods(kind, today)) for kind in HEADINGS if kind in kinds]
    if len(lists) == 1:
        return lists[0][1]
    first: list[tuple[Any, Any]] = [("", _("Velg periode"))]
    return [*first, *lists] if lists else [("", _("Ingen periode"))]


def _periods(kind: PeriodKind, today: date) -> Choices:
    periods = [_present(kind, today)]
    most = {PeriodKind.YEAR: today.year - FIRST_YEAR + 1, PeriodKind.MONTH: MONTHS, PeriodKind.TERM: TERMS}[kind]
    while len(periods) < most:
        periods.append(periods[-1].before)
    return [(str(period), period.spoken) for period in periods]


def _present(kind: PeriodKind, today: date) -> Period:
    if kind == PeriodKind.YEAR:
        return Period.year(today.year)
    if kind == PeriodKind.MONTH:
        return Period.month(today.year, today.month)
    return Period.term(today.year, (today.month + 1) // 2)


def ended(kind: PeriodKind, today: date) -> Period | str:
    """The last period that has ended: what is mostly reported next."""
    return _present(kind, today).before if kind != PeriodKind.NONE else ""


class FilesForm(CleanText, forms.Form):
    uploads = FilesField(
        label=_("Legg til filer"),
        help_text=_("Velg alle på én gang, i hvilken som helst rekkefølge. En fil med samme navn erstatter den gamle."),
        error_messages={"required": _("Velg minst én fil.")},
    )

    def __init__(self, *args: Any, service: Service, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["uploads"].widget.attrs["accept"] = ",".join(service.extensions)
        if service.max_files == 1:
            self.fields["uploads"].help_text = _("Tjenesten tar én fil. En ny tar plassen til den som ligger her.")


class HeapFilesForm(CleanText, forms.Form):
    """Files of any customer and service, also packed in zips."""

    uploads = FilesField(
        label=_("Filer eller zip"),
        help_text=_(
            "Velg alle på én gang, eller slipp dem på feltet. Portalen finner ut hvem og hva hver fil gjelder."
        ),
        error_messages={"required": _("Velg minst én fil.")},
    )


class OfferSelect(forms.RadioSelect):
    """Each offer names the heading of its periods and the usual one, so that a script can put the others away."""

    def __init__(self, *, offers: Mapping[str, Offer] | None = None, today: date | None = None) -> None:
        super().__init__()
        self._offers, self._today = offers or {}, today

    def create_option(self, name: str, value: Any, *args: Any, **options: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **options)
        offer = self._offers.get(str(value))
        if offer and self._today:
            kind = offer.service.period
            usual = str(ended(kind, self._today))
            option["attrs"] |= {"data-periods": HEADINGS.get(kind, ""), "data-usual": usual}
        return option


class NewSubmissionForm(CleanText, forms.Form):
    """`offers` are (key, Offer); the key names access and service together."""

    offer = forms.ChoiceField(
        label=_("Hva skal leveres?"), widget=forms.RadioSelect, error_messages={"required": _("Velg en tjeneste.")}
    )
    period = forms.ChoiceField(label=_("Periode"), required=False)
    uploads = FilesField(
        label=_("Filer"),
        required=False,
        help_text=_("Velg alle på én gang, i hvilken som helst rekkefølge. Du kan også legge dem til etterpå."),
    )

    beside = forms.BooleanField(label=_("Start en ny kladd ved siden av den som finnes"), required=False)

    def __init__(self, *args: Any, offers: dict[str, Offer], today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offers, self.today = offers, today
        allowed = [(key, offer.label) for key, offer in offers.items() if offer.is_allowed]
        self.fields["offer"].widget = OfferSelect(offers=offers, today=today)
        self.fields["offer"].choices = allowed  # type: ignore[attr-defined]
        self.fields["offer"].initial = allowed[0][0] if allowed else None
        kinds = {offer.service.period for offer in offers.values() if offer.is_allowed}
        self.fields["period"].choices = period_choices(kinds, today=today)  # type: ignore[attr-defined]
        if len(kinds) == 1:
            self.fields["period"].label = HEADINGS.get(min(kinds), self.fields["period"].label)
        self.fields["period"].initial = str(ended(kinds.pop(), today)) if len(kinds) == 1 else ""

    def clean(self) -> dict[str, Any]:
        """The period as a Period, of the kind that the service is for; NONE of the day when it is for none."""
        data = self.cleaned_data
        if "period" not in data or "offer" not in data:
            return data
        wanted = self.offers[data["offer"]].service.period
        if wanted == PeriodKind.NONE:
            data["period"] = Period(PeriodKind.NONE, self.today)
        elif not data["period"] or Period.read(data["period"]).kind != wanted:
            self.add_error("period", WANTED[wanted])
        else:
            data["period"] = Period.read(data["period"])
        return data


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


class TwoAnswersForm(CleanText, forms.Form):
    """Which of two answers stands. `shown` is the token of the page."""

    shown = forms.CharField(widget=forms.HiddenInput, required=False)
    stands = forms.ChoiceField(
        label=_("Hvilket svar gjelder?"),
        widget=forms.RadioSelect,
        choices=[("ACCEPTED", _("Leveransen er godkjent")), ("REJECTED", _("Leveransen er avvist"))],
        error_messages={"required": _("Velg hvilket svar som gjelder.")},
    )
    reason = forms.CharField(
        label=_("Hvordan vet dere det?"),
        help_text=_("For eksempel hvem hos Skatteetaten eller kunden som svarte, og når."),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=500,
        error_messages={"required": _("Skriv hvordan dere vet det.")},
    )


class OrderForm(CleanText, forms.Form):
    """What to ask for. Fields that the retrieval does not need are left out. `reference` makes a second click harmless."""

    reference = forms.UUIDField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(label=_("Hva vil dere ha?"), widget=forms.RadioSelect)
    year = forms.TypedChoiceField(label=_("Inntektsår"), coerce=int)
    people_file = forms.FileField(
        label=_("Fil med ansatte"),
        required=False,
        help_text=_("CSV, eller ett fødselsnummer eller D-nummer på hver linje. Høyst 1 MB."),
    )
    people = MayNamePersons(
        label=_("Eller lim inn numrene her"),
        required=False,
        max_length=200_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "autocomplete": "off"}),
    )
    email = forms.EmailField(
        label=_("E-post for varsel (valgfritt)"),
        required=False,
        max_length=100,
        help_text=_("Skatteetaten varsler hit første gang et av skattekortene endres."),
    )
    mobile = forms.RegexField(
        label=_("Mobil for varsel (valgfritt)"),
        required=False,
        regex=r"^\+[0-9]{8,15}$",
        help_text=_("Med landkode, for eksempel +4790000000."),
        error_messages={"invalid": _("Skriv nummeret med landkode, uten mellomrom.")},
    )

    def __init__(self, *args: Any, way: Retrieval, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial["reference"] = uuid.uuid4()
        kinds = way.kinds(today=today)
        self.fields["kind"].choices = kinds  # type: ignore[attr-defined]
        self.fields["kind"].initial = kinds[0][0] if kinds else None
        years = [(str(year), str(year)) for year in making.years(today)]
        self.fields["year"].choices = years  # type: ignore[attr-defined]
        unwanted = [] if kinds else ["kind"]
        unwanted += [] if way.period_kind == PeriodKind.YEAR else ["year"]
        unwanted += [] if way.takes_list else ["people_file", "people", "email", "mobile"]
        for name in unwanted:
            del self.fields[name]

    def forget_list(self) -> None:
        """A page that shows the form again has no national identity number: the list is given anew."""
        if self.is_bound and "people" in self.data:
            self.data = {**self.data.dict(), "people": ""}  # type: ignore[attr-defined] # a QueryDict

    def ask(self) -> Ask:
        """The list is the file when there is one, else what was pasted."""
        given, file = self.cleaned_data, self.cleaned_data.get("people_file")
        listed = file.read() if file else given.get("people", "").encode()
        return Ask(given.get("kind", ""), listed, given.get("email", ""), given.get("mobile", ""))
