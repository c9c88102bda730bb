"""Forms of access: clients, systems, profiles, and requests. Services validate; the forms convert texts to lists."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Portfolio, User
from accounts.services.customers import vendor_orgnr
from accounts.services.orgnr import BadOrgnr, read_orgnr
from portal.core.environments import Environment
from portal.core.forms import PRODUCTION_WORD, CleanText, LinesField, PickField, VersionedForm, short_name
from systemusers.models import AccessProfile, Kind, MaskinportenClient, System
from systemusers.services import choices
from systemusers.services.choices import Choices
from systemusers.services.clients import COLUMNS as CLIENT_COLUMNS
from systemusers.services.system_register import SystemProblems
from systemusers.services.system_register.checks import accepted_by_altinn
from systemusers.services.system_register.rows import PROFILE_COLUMNS, SYSTEM_COLUMNS
from systemusers.services.wanted_scopes import wanted

LANGUAGES = (("nb", _("bokmål")), ("nn", _("nynorsk")), ("en", _("engelsk")))


class ProblemsMixin(CleanText, forms.Form):
    """Shows the problems a service reports at their fields."""

    def show(self, problems: SystemProblems) -> None:
        for name, sentences in problems.fields.items():
            for sentence in sentences:
                self.add_error(name if name in self.fields else None, sentence)


def offer_scopes(form: forms.BaseForm, environment: str, *, ticked: bool) -> None:
    """The scopes that the portal uses, to tick; others can be typed."""
    field, offered = form.fields["scopes"], wanted(environment)
    assert isinstance(field, PickField)  # noqa: S101
    field.set_choices([(one.scope, str(one.purpose)) for one in offered])
    if ticked:
        form.initial["scopes"] = [one.scope for one in offered]


class ClientForm(VersionedForm):
    columns = CLIENT_COLUMNS

    class Meta:
        model = MaskinportenClient
        fields = ["name", "client_id", "orgnr", "scopes"]

    name = forms.CharField(label=_("Navn"), max_length=100, help_text=_("Bare for dere."))
    client_id = forms.CharField(
        label=_("Klient-id"),
        max_length=100,
        help_text=_("Kopieres fra klienten i Samarbeidsportalen. Store og små bokstaver teller."),
    )
    orgnr = forms.CharField(label=_("Eier"), max_length=40, help_text=_("Organisasjonsnummeret klienten er laget for."))
    scopes = PickField(
        label=_("Scope"),
        help_text=_("Dette er hva dere trenger; hva dere har fått, prøves etterpå."),
    )

    def __init__(self, *args: Any, environment: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.instance.environment = environment
        if not self.instance.orgnr:
            self.initial["orgnr"] = vendor_orgnr()
        offer_scopes(self, environment, ticked=self.instance.pk is None)

    def clean_orgnr(self) -> str:
        try:
            return read_orgnr(self.cleaned_data["orgnr"])
        except BadOrgnr as error:
            raise forms.ValidationError(str(error)) from error

    def clean_client_id(self) -> str:
        client_id: str = self.cleaned_data["client_id"].strip()
        same = MaskinportenClient.objects.filter(environment=self.instance.environment, client_id=client_id)
        if same.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Klienten er lagt inn fra før i dette miljøet."))
        return client_id

    def clean_scopes(self) -> list[str]:
        scopes: list[str] = self.cleaned_data["scopes"]
        for scope in scopes:
            if any(character.isspace() for character in scope):
                raise forms.ValidationError(
                    _("%(scope)s har mellomrom. Skriv ett scope på hver linje.") % {"scope": scope}
                )
        return list(dict.fromkeys(scopes))


class SystemForm(ProblemsMixin, VersionedForm):
    """Only the end of the system id is typed: it begins with the client owner's number."""

    columns = SYSTEM_COLUMNS

    class Meta:
        model = System
        fields = [
            "client", "admin_client", "client_ids", "name_nb", "name_nn", "name_en", "description_nb", "description_nn",
            "description_en", "rights", "packages", "redirect_urls", "is_visible",
        ]  # fmt: skip
        widgets = {f"description_{code}": forms.Textarea(attrs={"rows": 2}) for code in ("nb", "nn", "en")}

    system_id = forms.CharField(
        label=_("System-id"),
        max_length=180,
        help_text=_("Organisasjonsnummeret og en understrek settes foran. Kan aldri endres eller brukes om igjen."),
    )
    rights = PickField(
        label=_("Enkeltrettigheter"),
        required=False,
        help_text=_("Tjenestene hos Skatteetaten, slik Altinn kjenner dem. Andre skriver du inn med ressurs-id."),
    )
    packages = PickField(
        label=_("Tilgangspakker"),
        required=False,
        help_text=_("Slik Altinn kjenner dem. Andre skriver du inn med hele urn-en."),
    )
    client_ids = LinesField(
        label=_("Klient-id-er i Altinn"),
        required=False,
        help_text=_("Alle klientene som skal få token for systemet, også de portalen ikke har nøkkel for."),
    )
    redirect_urls = LinesField(
        label=_("Returadresser"),
        required=False,
        help_text=_("Hit sender Altinn kunden tilbake. Portalens egen står her fra før."),
    )
    field_order = ["client", "admin_client", "client_ids", "system_id"]

    def __init__(self, *args: Any, environment: str, **options: Any) -> None:
        super().__init__(*args, **options)
        self.instance.environment = environment
        ours = MaskinportenClient.objects.filter(environment=environment)
        for name in ("client", "admin_client"):
            clients = self.fields[name]
            assert isinstance(clients, forms.ModelChoiceField)  # noqa: S101
            clients.queryset = ours
            clients.empty_label = _("Velg klient")
        self.fields["client"].error_messages["required"] = _("Velg klienten systemet skal bruke.")
        self.fields["client"].help_text = _("Nøkkelen til denne signerer når dere sender for kundene.")
        self.fields["admin_client"].help_text = _("Signerer bare når dere endrer systemet eller spør kunder.")
        self.fields["admin_client"].empty_label = _("Den samme som for kundene")  # type: ignore[attr-defined]
        self.fields["system_id"].error_messages["required"] = _("Skriv en id for systemet, for eksempel regnskap.")
        self._name_languages()
        self._set_choices(choices.rights(environment), choices.packages(environment))
        free = list(ours.filter(system__isnull=True)[:2])
        if self.instance.pk is None and len(free) == 1:
            self.initial.setdefault("client", free[0].pk)
        if self.instance.pk:
            self.initial["system_id"] = self.instance.system_id
        if self.instance.status != System.Status.DRAFT:
            self.fields["system_id"].disabled = True

    def _set_choices(self, rights: Choices, packages: Choices) -> None:
        for name, known in (("rights", rights), ("packages", packages)):
            field = self.fields[name]
            assert isinstance(field, PickField)  # noqa: S101
            field.set_choices(known)

    def _name_languages(self) -> None:
        has = accepted_by_altinn(self.instance) or {}
        for code, language in LANGUAGES:
            name, description = self.fields[f"name_{code}"], self.fields[f"description_{code}"]
            name.required = code == "nb" or has.get(f"name_{code}") != ""
            description.required = code == "nb" or has.get(f"description_{code}") != ""
            name.label = _("Navn (%(language)s)") % {"language": language}
            description.label = _("Beskrivelse (%(language)s)") % {"language": language}
            name.error_messages["required"] = _("Skriv navnet på %(language)s. Altinn viser det til kunden.") % {
                "language": language
            }
            description.error_messages["required"] = _(
                "Skriv beskrivelsen på %(language)s. Altinn viser den til kunden."
            ) % {"language": language}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        client, typed = data.get("client"), data.get("system_id", "").strip()
        if client and typed:
            self.instance.system_id = f"{client.orgnr}_{typed.removeprefix(client.orgnr + '_')}"
        return data

    def validate_unique(self) -> None:
        """Left to the service: another user may have stored the same value in the meantime."""


class ProfileForm(ProblemsMixin, VersionedForm):
    """A sub-set of the system's rights and packages, and the purpose in three languages."""

    columns = PROFILE_COLUMNS

    class Meta:
        model = AccessProfile
        fields = ["name", "kind", "rights", "packages", "purpose_nb", "purpose_nn", "purpose_en"]
        widgets = {
            "kind": forms.RadioSelect,
            **{f"purpose_{code}": forms.Textarea(attrs={"rows": 3}) for code in ("nb", "nn", "en")},
        }

    rights = forms.MultipleChoiceField(
        label=_("Enkeltrettigheter"), required=False, widget=forms.CheckboxSelectMultiple
    )
    packages = forms.MultipleChoiceField(label=_("Tilgangspakker"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, system: System, **options: Any) -> None:
        super().__init__(*args, **options)
        self.instance.system = system
        for name in ("rights", "packages"):
            known = dict.fromkeys([*getattr(system, name), *getattr(self.instance, name)])
            named = dict(getattr(choices, name)(system.environment))
            self.fields[name].choices = [  # type: ignore[attr-defined]
                (value, f"{named[value]} ({short_name(value)})" if value in named else short_name(value))
                for value in known
            ]
            if not known:
                del self.fields[name]
        self.fields["name"].error_messages["required"] = _("Gi profilen et navn.")
        for code, language in LANGUAGES:
            field = self.fields[f"purpose_{code}"]
            field.error_messages["required"] = _("Skriv på %(language)s hva dere skal gjøre. Kunden leser det.") % {
                "language": language
            }
            field.label = _("Hva dere skal gjøre, %(language)s") % {"language": language}
            field.help_text = _(
                "Kunden leser «Vi ber om å kunne …». Ett punkt på hver linje. Portalen føyer til navnene Altinn har på alt profilen ber om."
            )

    def validate_unique(self) -> None:
        """Left to the service: another user may have stored the same value in the meantime."""


class AskForm(CleanText, forms.Form):
    """Which profile the chosen customers are asked for. In production, asking several needs a typed word."""

    profile = forms.ModelChoiceField(
        label=_("Hva vil dere be om?"), queryset=AccessProfile.objects.none(), widget=forms.RadioSelect, empty_label=None,
        error_messages={"required": _("Velg en tilgangsprofil.")},
    )  # fmt: skip
    mails = forms.BooleanField(
        label=_("Send lenken på e-post når Altinn har forespørselen"), required=False,
        help_text=_("Innenfor tidene i planen, med påminnelser. De som mangler adresse, blir nevnt etterpå."),
    )  # fmt: skip
    confirmation = forms.CharField(label=_("Bekreftelse"), required=False)

    def __init__(self, *args: Any, environment: str, count: int, **options: Any) -> None:
        super().__init__(*args, **options)
        profiles = self.fields["profile"]
        assert isinstance(profiles, forms.ModelChoiceField)  # noqa: S101
        profiles.queryset = (
            AccessProfile.objects.filter(system__environment=environment, system__status=System.Status.REGISTERED)
            .select_related("system")
            .order_by("-kind", "name")  # those for the organisation itself first
        )
        self.fields["profile"].initial = profiles.queryset.first()
        self.needs_word = environment == Environment.PRODUCTION and count > 1
        self.fields["confirmation"].help_text = _("Dere spør %(count)s ekte kunder. Skriv %(word)s.") % {
            "count": count,
            "word": PRODUCTION_WORD,
        }
        if not self.needs_word:
            del self.fields["confirmation"]

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"].strip()
        if typed != PRODUCTION_WORD:
            raise forms.ValidationError(
                _("Skriv %(word)s med store bokstaver for å spørre så mange.") % {"word": PRODUCTION_WORD}
            )
        return typed


class TakeOverForm(CleanText, forms.Form):
    """What is done with the found system users that were picked, or with all that the list shows."""

    standard = forms.ModelChoiceField(
        label=_("Profil for egen virksomhet"), queryset=AccessProfile.objects.none(), required=False,
        empty_label=_("Lag profilen «Overtatt fra Altinn»"),
    )  # fmt: skip
    agent = forms.ModelChoiceField(
        label=_("Profil for klienter"), queryset=AccessProfile.objects.none(), required=False,
        empty_label=_("Lag profilen «Overtatt fra Altinn, for klienter»"),
    )  # fmt: skip
    adopts = forms.BooleanField(
        label=_("Ta inn nye av seg selv hver natt"), required=False,
        help_text=_("Gjelder systembrukere som kundene lager selv i Altinn."),
    )  # fmt: skip

    def __init__(self, *args: Any, system: System, **options: Any) -> None:
        super().__init__(*args, initial={"adopts": system.adopts}, **options)
        for name, kind in {"standard": Kind.STANDARD, "agent": Kind.AGENT}.items():
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
            field.queryset = system.profiles.filter(kind=kind).order_by("name")


class TakeInForm(CleanText, forms.Form):
    """Which portfolio the clients of an accountant get as customers. A case worker must choose one of their own."""

    portfolio = forms.ModelChoiceField(
        label=_("Portefølje"), queryset=Portfolio.objects.none(), required=False, empty_label=_("Ingen"),
        help_text=_("Hvem hos dere som følger opp dem."),
    )  # fmt: skip

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        portfolio = self.fields["portfolio"]
        assert isinstance(portfolio, forms.ModelChoiceField)  # noqa: S101
        portfolio.queryset = Portfolio.objects.all()
        if not user.sees_all_customers:
            portfolio.queryset = Portfolio.objects.filter(pk__in=user.portfolio_ids)
            portfolio.required, portfolio.empty_label = True, None
            portfolio.error_messages["required"] = str(_("Velg en av porteføljene dine, ellers ser du ikke kundene."))


class ReasonToLookForm(CleanText, forms.Form):
    """Why somebody of the staff looks at a customer's page."""

    reason = forms.CharField(
        label=_("Hvorfor ser du på siden?"),
        help_text=_("For eksempel at kunden ringer og lurer på en knapp. Det står i revisjonssporet."),
        max_length=200,
        error_messages={"required": _("Skriv hvorfor du ser på siden.")},
    )


class InspectForm(CleanText, forms.Form):
    """Whose token to look into. Without a customer it is the vendor's own."""

    client = forms.ModelChoiceField(
        label=_("Klient"), queryset=MaskinportenClient.objects.none(), empty_label=None,
        error_messages={"required": _("Velg en klient.")},
    )  # fmt: skip
    scope = forms.ChoiceField(label=_("Scope"))
    customer = forms.CharField(
        label=_("Kundens organisasjonsnummer"), max_length=40, required=False,
        help_text=_("La feltet stå tomt for deres eget token. For en klient: nummeret til regnskapsføreren."),
    )  # fmt: skip

    def __init__(self, *args: Any, environment: str, **options: Any) -> None:
        super().__init__(*args, **options)
        clients, scope = self.fields["client"], self.fields["scope"]
        assert isinstance(clients, forms.ModelChoiceField) and isinstance(scope, forms.ChoiceField)  # noqa: S101,PT018
        clients.queryset = MaskinportenClient.objects.filter(environment=environment).order_by("name")
        known = dict.fromkeys(one for row in clients.queryset for one in row.scopes)
        scope.choices = [(one, one) for one in known]

    def clean_customer(self) -> str:
        try:
            return read_orgnr(self.cleaned_data["customer"]) if self.cleaned_data["customer"] else ""
        except BadOrgnr as error:
            raise forms.ValidationError(str(error)) from error
