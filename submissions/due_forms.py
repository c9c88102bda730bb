"""Forms about what is due: from whom a report is expected, and dates that differ from the rule."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.core.forms import CleanText
from portal.core.required import required
from submissions.models import DeadlineDate, Expectation
from submissions.period import Period, PeriodKind
from submissions.services.catalogue import Service
from submissions.services.due.expectations import Decision, default_first
from submissions.services.handing_over import newest_ended
from submissions.services.pages.due_expected import NAMED, WHO, Named

OFFERED = {PeriodKind.YEAR: 4, PeriodKind.TERM: 12, PeriodKind.MONTH: 24}
"""How many periods can be chosen; the last of them begins after today."""
AHEAD = {PeriodKind.YEAR: 730, PeriodKind.TERM: 120, PeriodKind.MONTH: 60}
"""Days from now in which the newest of them ends."""
YES, NO = "yes", "no"


def period_choices(service: Service, *, today: date, also: Period | None = None) -> list[tuple[str, str]]:
    """The newest first. `also` is offered whatever it is."""
    newest = newest_ended(service.period, date.fromordinal(today.toordinal() + AHEAD[service.period]))
    offered: list[Period] = []
    while newest is not None and len(offered) < OFFERED[service.period]:
        offered.append(newest)
        newest = newest.before
    if also is not None and also not in offered:
        offered.append(also)
    return [(str(one), one.spoken) for one in offered]


class _Decided(CleanText, forms.Form):
    """Whether a report of `service` is expected, and for which periods."""

    is_expected = forms.ChoiceField(
        label=_("Forventes rapporten?"), choices=[(YES, _("Ja")), (NO, _("Nei"))], widget=forms.RadioSelect, initial=YES
    )
    first = forms.ChoiceField(label=_("Fra og med"), required=False)
    last = forms.ChoiceField(label=_("Til og med"), required=False)

    def __init__(
        self, *args: Any, service: Service, today: date, row: Expectation | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.service, self.first_by_default = service, default_first(service, today=today)
        stored = [Period(service.period, day) for day in (row.first_period, row.last_period) if day] if row else []
        first = stored[0] if stored else self.first_by_default
        last = stored[1] if len(stored) > 1 else None
        self._offer("first", period_choices(service, today=today, also=first), str(first or ""))
        none: list[tuple[str, Any]] = [("", _("Til videre"))]
        self._offer("last", none + period_choices(service, today=today, also=last), str(last or ""))
        if row and not self.is_bound:
            self.initial["is_expected"] = YES if row.is_expected else NO

    def _offer(self, name: str, choices: list[tuple[str, Any]], initial: str) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]
        self.fields[name].initial = initial

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if first and last and Period.read(first).start > Period.read(last).start:
            self.add_error("last", _("Den siste perioden er før den første."))
        return data

    def decision(self) -> Decision:
        """Of a valid form."""
        data = self.cleaned_data
        first = Period.read(data["first"]) if data["first"] else self.first_by_default
        first = required(first, because="the service has periods")
        last = Period.read(data["last"]) if data["last"] else None
        return Decision(self.service, data["is_expected"] == YES, first, last, self.origin)

    @property
    def origin(self) -> Expectation.Origin:
        return Expectation.Origin.PERSON


class ExpectationForm(_Decided):
    """One customer."""


class ExpectedInBulkForm(_Decided):
    """The customers of a filter."""

    who = forms.ChoiceField(label=_("Hvilke kunder?"), choices=WHO, widget=forms.RadioSelect)
    portfolio = forms.ChoiceField(label=_("Portefølje"), required=False)
    field_order = ("who", "portfolio", "is_expected", "first", "last")

    def __init__(
        self, *args: Any, portfolios: list[tuple[str, str]], named: Named | None = None, **options: Any
    ) -> None:
        """`named`: customers who can be chosen besides; None for none."""
        super().__init__(*args, **options)
        if named:
            self.fields["who"].choices = [(NAMED, named.choice), *WHO]  # type: ignore[attr-defined]
        self._offer("portfolio", [("", _("Alle")), *portfolios], "")
        if not portfolios:
            self.fields["portfolio"].widget = forms.HiddenInput()

    @property
    def origin(self) -> Expectation.Origin:
        is_suggested = self.cleaned_data["who"] == "suggested"
        return Expectation.Origin.SUGGESTED if is_suggested else Expectation.Origin.PERSON


class DeadlineDateForm(CleanText, forms.ModelForm):
    """The last day of one service and period, in place of the one by the rule."""

    period = forms.ChoiceField(label=_("Periode"))
    source = forms.URLField(label=_("Kilde"), required=False, max_length=500, assume_scheme="https")
    field_order = ("period", "day", "note", "source")

    class Meta:
        model = DeadlineDate
        fields = ("day", "note", "source")
        widgets = {"day": forms.DateInput(attrs={"type": "date"})}

    def __init__(self, *args: Any, service: Service, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.service = service
        self.fields["period"].choices = period_choices(service, today=today)  # type: ignore[attr-defined]
        self.fields["period"].initial = str(default_first(service, today=today) or "")

    def row(self, *, environment: str) -> DeadlineDate:
        """Of a valid form: what to store."""
        row: DeadlineDate = self.instance
        row.environment, row.service = environment, self.service.id
        row.period = Period.read(self.cleaned_data["period"])
        return row
