"""The steps of the guide in their order. A step has one action; its state comes from the facts, never from a tick."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import User
from portal.core.environments import Environment, addresses
from portal.desk.guide import letters
from portal.desk.guide.facts import Facts
from portal.desk.guide.letters import Letter
from systemusers.services.keys import self_service
from systemusers.services.wanted_scopes import Owner, Wanted, wanted

DONE, NEXT, WAITING, LATER = "DONE", "NEXT", "WAITING", "LATER"
COLOURS = {DONE: "success", NEXT: "accent", WAITING: "info", LATER: "neutral"}
INFORMATION_FORM = "https://samarbeid.digdir.no/maskinporten/konsument/119"
ALTINN_TERMS = "https://samarbeid.digdir.no/altinn/kom-i-gang/2868"
ADMINISTRATORS = {"client-new", "settings", "doctor", "system-new"}
"""Pages that only administrators may open."""


@dataclass(frozen=True)
class Link:
    url: str
    label: str


@dataclass(frozen=True)
class Step:
    """`who` is who has to act. `lines` are details to read, `scopes` those that lack, `links` lead out of the portal, `value`
    is to be copied."""

    key: str
    title: str
    text: str
    state: str = LATER
    who: str = ""
    lines: tuple[str, ...] = ()
    scopes: tuple[Wanted, ...] = ()
    links: tuple[Link, ...] = ()
    letter: Letter | None = None
    value: str = ""
    action: Link | None = None

    @property
    def colour(self) -> str:
        return COLOURS[self.state]

    @property
    def label(self) -> str:
        return {DONE: _("Gjort"), NEXT: _("Neste"), WAITING: _("Venter på andre"), LATER: _("Senere")}[self.state]


def steps(*, environment: Environment, user: User, facts: Facts) -> list[Step]:
    """All steps of the environment. The first that is neither done nor waiting for others is the next one."""
    build = _Steps(environment, user, facts)
    rows = [
        build.terms(), build.client(), build.key(), build.digdirs_scopes(), build.skatteetatens_scopes(), build.number(),
        build.system(), build.profile(), build.customers(), build.ask(), build.approval(),
    ]  # fmt: skip
    shown = [row for row in rows if row is not None]
    following = next((row.key for row in shown if row.state == LATER), "")
    return [replace(row, state=NEXT) if row.key == following else row for row in shown]


class _Steps:
    def __init__(self, environment: Environment, user: User, facts: Facts) -> None:
        self.environment, self.user, self.facts = environment, user.within(environment), facts
        self.is_sandbox = environment == Environment.SANDBOX
        self.is_test = environment == Environment.TEST

    def action(self, name: str, label: str, **kwargs: int) -> Link | None:
        """None for a role that cannot open the page."""
        may = self.user.may_configure if name in ADMINISTRATORS else self.user.may_work
        return Link(reverse(name, kwargs={"environment": self.environment, **kwargs}), label) if may else None

    def terms(self) -> Step | None:
        if self.is_sandbox:
            return None
        return Step(
            "terms", _("Avtale og bruksvilkår hos Digdir"),
            _("Digdir må kjenne virksomheten, og noen som kan signere for den, må godta vilkårene. Det tar noen dager."),
            _state(self.facts.has_client), _("Dere"),
            lines=(
                _("Send inn informasjonsskjemaet for konsumenter av Maskinporten, og vent på godkjenning."),
                _("Signer bruksvilkårene for private virksomheter, og vilkårene for Altinns API-er."),
                _("Svarer Digdir PRECONDITION_REQUIRED, mangler signaturen: spør servicedesk@digdir.no."),
            ),
            links=(Link(INFORMATION_FORM, _("Informasjonsskjemaet")), Link(ALTINN_TERMS, _("Kom i gang med Altinn"))),
            action=None if self.facts.has_client else self.action("client-new", _("Det er gjort: legg inn klienten")),
        )  # fmt: skip

    def client(self) -> Step:
        lines = [
            _("For hånd: lag en klient av typen Maskinporten i selvbetjeningen, og legg inn klient-id-en her."),
            _("Kryss av for de samme scopene på klienten som i skjemaet her."),
        ]
        if self_service.can_use(self.environment):
            lines.append(_("Gjennom portalen: Innstillinger, Klienter hos Digdir. Der kan en klient lages."))
        return Step(
            "client", _("Klient i Maskinporten"), _("Klienten er det portalen viser Maskinporten at den er."),
            _state(self.facts.has_client), _("Dere"), lines=tuple(lines),
            links=(Link(addresses(self.environment).self_service_web, _("Selvbetjeningen")),),
            action=self.action("settings", _("Åpne innstillinger"))
            if self.facts.has_client
            else self.action("client-new", _("Legg inn klienten")),
        )  # fmt: skip

    def key(self) -> Step:
        return Step(
            "key", _("Nøkkel"),
            _("Portalen lager nøkkelen og beholder den private delen. Den offentlige legges inn på klienten hos Digdir."),
            _state(self.facts.has_key), _("Dere"),
            lines=(
                _("Lag en nøkkel, kopier den offentlige delen til klienten, vent et par minutter, og ta den i bruk."),
                _("Har dere en nøkkel fra før, kan den importeres med id-en (kid) den har hos Digdir."),
            ),
            action=self.action("settings", _("Åpne innstillinger")),
        )  # fmt: skip

    def digdirs_scopes(self) -> Step:
        title = _("Scope fra Digdir")
        text = _("Disse styrer systemregisteret, forespørslene, Dialogporten og hendelser.")
        return self._scopes("digdir", title, text, Owner.DIGDIR, (Link(ALTINN_TERMS, _("Kom i gang med Altinn")),))

    def skatteetatens_scopes(self) -> Step:
        title = _("Scope fra Skatteetaten")
        text = _("Ett for hver tjeneste. Bestilles på skatteetaten.no etter innlogging, for hvert miljø for seg.")
        return self._scopes("skatteetaten", title, text, Owner.SKATTEETATEN, ())

    def _scopes(self, key: str, title: str, text: str, owner: Owner, links: tuple[Link, ...]) -> Step:
        scopes = self.facts.scopes[owner]
        state = DONE if not scopes.lacking else WAITING if scopes.waits else LATER
        letter = None
        if scopes.lacking and not self.is_sandbox:
            letter = letters.order_scopes(owner, environment=self.environment, lacking=scopes.lacking)
        return Step(
            key, title, text, state, owner.value if state == WAITING else _("Dere"),
            scopes=tuple(one for one in wanted(self.environment) if one.scope in scopes.lacking),
            links=() if self.is_sandbox else links, letter=letter,
            action=self.action("doctor", _("Prøv forbindelsen")),
        )  # fmt: skip

    def number(self) -> Step | None:
        """Only where real numbers are not known from before."""
        if not self.is_test:
            return None
        facts = self.facts
        state = DONE if facts.number_known else WAITING if facts.number_refused else LATER
        return Step(
            "number", _("Nummeret deres i TT02"),
            _("TT02 kjenner ikke ekte organisasjonsnumre. Altinn legger inn nummeret deres når dere ber om det."),
            state, _("Altinn") if state == WAITING else _("Dere"),
            lines=(_("Uten det svarer systemregisteret 403, selv om scopet er riktig. Prøv forbindelsen for å se det."),),
            letter=None if state == DONE else letters.number_in_tt02(),
            action=self.action("doctor", _("Prøv forbindelsen")),
        )  # fmt: skip

    def system(self) -> Step:
        return Step(
            "system", _("Systemet og returadressen"),
            _("Kundene ser systemet i Altinn. Etter svaret sendes de tilbake til portalens returadresse."),
            _state(self.facts.is_registered), _("Dere"),
            lines=(
                _("Har dere et system i Altinn fra før? Åpne Systemer og velg «Hent systemene våre». Ingenting skrives i Altinn."),
                _("Ellers: velg klienten, tjenestene kundene skal gi tilgang til, og navn på tre språk."),
                _("Returadressen står der fra før. Altinn tar bare imot adresser som begynner med https."),
                _("Lagre, og registrer systemet i Altinn. Id-en kan aldri endres."),
            ),
            value=f"{settings.PORTAL_URL}/return", action=self._to_system(),
        )  # fmt: skip

    def _to_system(self) -> Link | None:
        """A draft that waits to be registered is opened; nobody is led to make a second one."""
        if self.facts.is_registered:
            return self.action("systems", _("Åpne systemer"))
        if self.facts.draft_system is None:
            return self.action("system-new", _("Nytt system"))
        return self.action("system", _("Åpne systemet"), pk=self.facts.draft_system)

    def profile(self) -> Step:
        return Step(
            "profile", _("Tilgangsprofil"), _("En profil er det dere ber én kunde om: noen av systemets rettigheter."),
            _state(self.facts.has_profile), _("Dere"),
            lines=(
                _("Lag den på siden til systemet. «Egen virksomhet» er for vanlige kunder, «For klienter» for regnskapsførere."),
            ),
            action=self.action("systems", _("Åpne systemer")),
        )  # fmt: skip

    def customers(self) -> Step:
        text = _("Legg inn kunden med organisasjonsnummeret.")
        if not self.is_sandbox and self.is_test:
            text = _("Bruk syntetiske virksomheter fra Tenor testdatasøk. Ekte kunder finnes ikke i TT02.")
        lines = [
            _(
                "Har de godkjent systemet fra før, overtas de på systemets side, «Funnet i Altinn». Ingen spørres på nytt."
            )
        ]
        lines.insert(
            0, _("Mange på en gang: Kunder, «Importer kunder». Der tas CSV og Excel imot, også lister fra Tenor.")
        )
        if self.is_test:
            lines.insert(0, _("Logg inn i Tenor med egen elektronisk id, og velg en virksomhet med daglig leder."))
        return Step(
            "customers", _("Kunder"), text, _state(self.facts.has_customer), _("Dere"), lines=tuple(lines),
            action=self.action("customers", _("Åpne kunder"))
            if self.facts.has_customer
            else self.action("customer-new", _("Ny kunde")),
        )  # fmt: skip

    def ask(self) -> Step:
        return Step(
            "ask", _("Be om tilgang"), _("Portalen spør Altinn, og gir dere en lenke til kunden."),
            _state(self.facts.has_asked), _("Dere"), action=self.action("access-new", _("Be om tilgang")),
        )  # fmt: skip

    def approval(self) -> Step:
        facts = self.facts
        state = DONE if facts.has_approved else WAITING if facts.is_waiting else LATER
        return Step(
            "approval", _("Kunden godkjenner"), self._approver(), state, _("Kunden") if state == WAITING else _("Dere"),
            lines=(
                _("Den som godkjenner, må være tilgangsstyrer eller hovedadministrator, for eksempel daglig leder."),
                _("Vedkommende må selv kunne gi bort alt dere ber om. Andre kan sende spørsmålet videre."),
            ),
            action=self.action("accesses", _("Åpne tilganger")),
        )  # fmt: skip

    def _approver(self) -> str:
        if self.is_sandbox:
            return _("I sandkassen godkjenner dere selv på siden som lenken fører til.")
        if self.is_test:
            return _(
                "Åpne lenken og logg inn med TestID, med det syntetiske fødselsnummeret til kundens daglige leder."
            )
        return _("Kunden åpner lenken og logger inn med ID-porten. Dere kan ikke godkjenne for kunden.")


def _state(is_done: Any) -> str:
    return DONE if is_done else LATER


def production_differences() -> list[str]:
    """What a vendor who is done in test must do again, or meets for the first time."""
    return [
        _("Klienten, nøklene og scopene er egne for produksjon. Ingenting fra test virker der."),
        _("Systemet registreres på nytt, og id-en og returadressene gjelder bare i det miljøet."),
        _("Skatteetatens scope bestilles på nytt. Noen tjenester er bare åpne i ett av miljøene."),
        _("Nummeret deres er kjent i Altinn fra før, så steget om TT02 faller bort."),
        _("Kundene er ekte, og ekte personer får spørsmålene. Portalen ber dere skrive et ord før dere spør mange."),
        _("Virksomhetssertifikater fra test blir avvist i produksjon, og omvendt."),
    ]
