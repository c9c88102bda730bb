"""What a person chooses about their own mails."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Language, NotificationPlan, User, notices_for
from portal.core.forms import VersionedForm
from portal.desk.notifications.choosing import COLUMNS


class NotificationForm(VersionedForm):
    columns = COLUMNS
    at_once = forms.MultipleChoiceField(
        label=_("E-post med en gang"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Det som skjer i løpet av et minutt, kommer i én e-post. Skjer mye på kort tid, venter den til det roer seg."
        ),
    )
    language = forms.ChoiceField(label=_("Språk i e-posten"), choices=Language.choices, widget=forms.RadioSelect)

    class Meta:
        model = NotificationPlan
        fields = ("digest", "at_once")
        widgets = {"digest": forms.RadioSelect}
        help_texts = {
            "digest": _(
                "Hva som er nytt siden forrige, og hva som venter på deg. Er ingenting nytt, kommer det ingen e-post."
            ),
        }

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        at_once = self.fields["at_once"]
        assert isinstance(at_once, forms.MultipleChoiceField)  # noqa: S101
        at_once.choices = [(notice.value, notice.label) for notice in notices_for(user)]
        self.initial["language"] = user.language
