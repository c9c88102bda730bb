"""Forms of the page of people: whom to invite, what to give, who is a substitute, who takes over."""

from __future__ import annotations

from datetime import date
from typing import Any

from allauth.account.adapter import get_adapter
from django import forms
from django.contrib.auth import password_validation
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.capabilities import enabled
from accounts.models import Charge, Language, Portfolio, Role, User
from accounts.services.staff import DETAILS, Rights
from portal.core.environments import Environment
from portal.core.forms import CleanText, VersionedForm

ALL, OWN = "all", "own"
SIGHT = [(OWN, lazy("Kunder i egne porteføljer")), (ALL, lazy("Alle kunder"))]


class RightsForm(CleanText, forms.Form):
    """A role in each environment that is switched on here. What somebody has in one that is not stays as it is."""

    portfolios = forms.ModelMultipleChoiceField(
        Portfolio.objects.all(), label=lazy("Porteføljer"), required=False, widget=forms.CheckboxSelectMultiple,
        help_text=lazy("Kundene i disse ser personen i alle miljøer der rollen ser egne porteføljer."),
    )  # fmt: skip
    charges = forms.MultipleChoiceField(
        choices=Charge.choices, label=lazy("Ansvar for hele installasjonen"), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip

    def __init__(self, *args: Any, before: Rights | None = None, **options: Any) -> None:
        self.before = before or Rights()
        super().__init__(*args, **options)
        for place in enabled():
            self.fields[f"role_{place.slug}"] = forms.ChoiceField(
                choices=[("", _("Ingen rolle")), *Role.choices], required=False,
                label=_("Rolle i %(place)s") % {"place": place.label}, initial=self.before.roles.get(place, ""),
            )  # fmt: skip
            self.fields[f"sight_{place.slug}"] = forms.ChoiceField(
                choices=SIGHT, label=_("Ser i %(place)s") % {"place": place.label}, required=False,
                initial=ALL if place in self.before.sees_all else OWN,
            )  # fmt: skip
        self.fields["portfolios"].initial = sorted(self.before.portfolios)
        self.fields["charges"].initial = sorted(self.before.charges)
        self.order_fields([*(name for name in self.fields if "_" in name), "portfolios", "charges"])

    @property
    def places(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"role_{place.slug}"], self[f"sight_{place.slug}"]) for place in enabled()]

    @property
    def rights(self) -> Rights:
        here = [place.value for place in enabled()]
        roles = {place: role for place, role in self.before.roles.items() if place not in here}
        sees_all = {place for place in self.before.sees_all if place not in here}
        for place in map(Environment, here):
            if role := self.cleaned_data[f"role_{place.slug}"]:
                roles[place.value] = role
                sees_all |= {place.value} if self.cleaned_data[f"sight_{place.slug}"] == ALL else set()
        portfolios = frozenset(each.pk for each in self.cleaned_data["portfolios"])
        return Rights(roles, frozenset(sees_all), frozenset(self.cleaned_data["charges"]), portfolios)


class PersonForm(VersionedForm):
    columns = DETAILS

    class Meta:
        model = User
        fields = DETAILS
        widgets = {"language": forms.Select}

    def clean_email(self) -> str:
        return str(self.cleaned_data["email"]).lower()


class InvitedForm(CleanText, forms.Form):
    """Beside `RightsForm`: who is invited."""

    email = forms.EmailField(label=lazy("E-post"), max_length=254)
    name = forms.CharField(label=lazy("Navn"), max_length=100)
    language = forms.ChoiceField(choices=Language.choices, label=lazy("Språk"), initial=Language.NB)


class SubstituteForm(CleanText, forms.Form):
    substitute = forms.ModelChoiceField(User.objects.none(), label=lazy("Vikar"), empty_label=lazy("Velg en kollega"))
    begins = forms.DateField(label=lazy("Fra og med"), widget=forms.DateInput(attrs={"type": "date"}))
    ends = forms.DateField(label=lazy("Til og med"), widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, absent: User, today: date, **options: Any) -> None:
        super().__init__(*args, **options)
        self.today = today
        field = self.fields["substitute"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = (
            User.objects.filter(is_active=True, invited_at__isnull=True).exclude(pk=absent.pk).order_by("name")
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        begins, ends = cleaned.get("begins"), cleaned.get("ends")
        if ends and ends < self.today:
            self.add_error("ends", _("Dagen er over."))
        elif begins and ends and ends < begins:
            self.add_error("ends", _("Den siste dagen kan ikke komme før den første."))
        return cleaned


class LeaveForm(CleanText, forms.Form):
    heir = forms.ModelChoiceField(
        User.objects.none(),
        label=lazy("Hvem tar over?"),
        required=False,
        empty_label=lazy("Ingen, det blir liggende uten ansvarlig"),
    )

    def __init__(self, *args: Any, heirs: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        field = self.fields["heir"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = heirs


class NewPasswordForm(CleanText, forms.Form):
    """Twice the same, and good enough for this person."""

    password1 = forms.CharField(label=lazy("Nytt passord"), strip=False, widget=forms.PasswordInput)
    password2 = forms.CharField(label=lazy("Nytt passord en gang til"), strip=False, widget=forms.PasswordInput)

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        first, second = cleaned.get("password1"), cleaned.get("password2")
        if first and second and first != second:
            self.add_error("password2", _("De to passordene er ikke like."))
        elif first:
            try:
                password_validation.validate_password(first, self.user)
            except ValidationError as error:
                self.add_error("password1", error)
        return cleaned


class OwnPasswordForm(NewPasswordForm):
    old_password = forms.CharField(label=lazy("Passordet du har nå"), strip=False, widget=forms.PasswordInput)
    field_order = ("old_password", "password1", "password2")

    def clean_old_password(self) -> str:
        """Wrong ones count and wait as at the log-in."""
        typed = str(self.cleaned_data["old_password"])
        if not get_adapter().reauthenticate(self.user, typed):
            raise ValidationError(_("Passordet er feil."))
        return typed


class WelcomeForm(NewPasswordForm):
    name = forms.CharField(label=lazy("Navn"), max_length=100)
    field_order = ("name", "password1", "password2")


class PortfolioForm(VersionedForm):
    columns = ("name",)

    class Meta:
        model = Portfolio
        fields = ("name",)


class ProfileForm(CleanText, forms.ModelForm):
    class Meta:
        model = User
        fields = ("name", "language")
        widgets = {"language": forms.Select}
