"""Forms of the pages of webhooks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from portal.core.feed.event import Type
from portal.core.forms import CleanText, VersionedForm
from portal.core.webhooks import addresses, keeping
from portal.core.webhooks.row import Webhook
from portal.explain import explain

OVERLAP = [("1", lazy("I et døgn til")), ("7", lazy("I en uke til")), ("0", lazy("Nei, slutt nå"))]


class WebhookForm(VersionedForm):
    columns = keeping.COLUMNS
    url = forms.CharField(
        label=lazy("Adresse"), max_length=500,
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": "https://erp.example.no/hooks"}),
        help_text=lazy("Meldingene sendes hit, signert. Adressen må svare 2xx innen ti sekunder."),
    )  # fmt: skip
    types = forms.MultipleChoiceField(
        choices=Type.choices, label=lazy("Får vite om"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=lazy("Uten noen kryss får den vite om alt."),
    )  # fmt: skip

    class Meta:
        model = Webhook
        fields = keeping.COLUMNS

    @property
    def chosen(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in keeping.COLUMNS}

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            addresses.find(url)
        except addresses.NotAllowed as error:
            raise ValidationError(_said(error.code)) from None
        return url


def _said(code: str) -> str:
    about = explain(code)
    how = _("Sjekk navnet, og prøv igjen.") if code == addresses.UNKNOWN else about.how
    return f"{about.title}. {how}"


class SecretForm(CleanText, forms.Form):
    overlap = forms.ChoiceField(
        choices=OVERLAP, label=lazy("Skal den gamle hemmeligheten gjelde videre?"), widget=forms.RadioSelect, initial="1",
        help_text=lazy("Så lenge signeres hver melding med begge."),
    )  # fmt: skip

    @property
    def old_for(self) -> timedelta:
        return timedelta(days=int(self.cleaned_data["overlap"]))
