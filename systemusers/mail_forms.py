"""Forms of the mails to customers: the plan, and a text."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.core.forms import CleanText, VersionedForm
from systemusers.models import MailPlan
from systemusers.services.invitations.settings import PLAN_FIELDS
from systemusers.services.invitations.texts import BadText, Text

SELECTOR = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", re.I)
MOST_REMINDERS, LONGEST = 9, 90


class DaysField(forms.CharField):
    """Numbers of days, parted by commas, ascending."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        parts = [part for part in re.split(r"[\s,;]+", value or "") if part]
        if not all(part.isascii() and part.isdecimal() and 1 <= int(part) <= LONGEST for part in parts):
            raise forms.ValidationError(gettext("Skriv hele dager fra 1 til 90, med komma mellom."))
        days = sorted({int(part) for part in parts})
        if len(days) > MOST_REMINDERS:
            raise forms.ValidationError(gettext("Høyst ni påminnelser."))
        return days


class MailPlanForm(VersionedForm):
    columns = PLAN_FIELDS
    reminder_days = DaysField(
        label=_("Påminnelser så mange dager etter den første e-posten"),
        help_text=_("For eksempel 3, 7, 14. Tomt: ingen påminnelser."),
        required=False,
    )

    class Meta:
        model = MailPlan
        fields = list(PLAN_FIELDS)
        labels = {
            "most_mails": _("Høyst så mange e-poster for én forespørsel"),
            "quiet_from": _("Stille fra klokken"),
            "quiet_to": _("Stille til klokken"),
            "skips_weekends": _("Ikke i helger"),
            "skips_holidays": _("Ikke på norske helligdager"),
            "sends_receipts": _("Send en kvittering når kunden har godkjent"),
            "dkim_selectors": _("DKIM-selektorer for avsenderdomenet"),
        }
        help_texts = {
            "most_mails": _("Den første og påminnelsene. Kvitteringen teller ikke."),
            "quiet_to": _("Er begge klokkeslettene like, er det aldri stille."),
            "dkim_selectors": _("Med komma mellom. De står i oppsettet av e-posttjeneren."),
        }
        widgets = {
            "quiet_from": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
            "quiet_to": forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        }

    def clean_dkim_selectors(self) -> str:
        parts = [part for part in re.split(r"[\s,;]+", self.cleaned_data["dkim_selectors"]) if part]
        if not all(SELECTOR.fullmatch(part) and len(part) <= 63 for part in parts):
            raise forms.ValidationError(gettext("En selektor har bare bokstaver, tall, punktum og bindestrek."))
        return ", ".join(parts)


class MailTextForm(CleanText, forms.Form):
    subject = forms.CharField(label=_("Emne"), max_length=150)
    body = forms.CharField(
        label=_("Tekst"),
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 16}),
        help_text=_(
            "En tom linje skiller avsnitt. Linjer som begynner med bindestrek, blir en liste. Står {link} alene på en "
            "linje, blir den en knapp."
        ),
    )

    @property
    def text(self) -> Text:
        return Text(self.cleaned_data["subject"], self.cleaned_data["body"].replace("\r\n", "\n"))

    def show(self, error: BadText) -> None:
        for name, problem in error.problems.items():
            self.add_error(name, problem)
