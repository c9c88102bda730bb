"""The audit trail in words: one presenter for each type of event, and the titles of changes of state.

`present` is the only function that turns an event into text. Pages add what only they know, such as the name of the actor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from portal.core import origin
from portal.core.audit import AuditEvent
from portal.core.audit_events import AuditType
from portal.core.colours import colour
from portal.explain import explain, mails
from portal.explain.audit_values import field_of, label, plain, value_of

T = AuditType
SPOKEN: dict[str, Callable[[str], str]] = {}
"""By the key of a detail: how the app that knows its codes says them, such as the name of a service for its id."""


@dataclass(frozen=True)
class Line:
    """One line of a history. `colour` is Designsystemet's name of it."""

    title: str
    text: str
    at: datetime
    colour: str


@dataclass(frozen=True)
class Presented:
    """An event in the reader's language: what happened, details, Designsystemet's colour."""

    title: str
    parts: list[str]
    colour: str
    on_pages: bool

    @property
    def sentence(self) -> str:
        return ": ".join(filter(None, [self.title, ", ".join(self.parts)]))


Detail = dict[str, Any]


def _codes(detail: Detail, model: Any) -> list[str]:
    return [f"{explain(code).title} ({code})" for code in detail.get("codes", [])]


def _files(detail: Detail, model: Any) -> list[str]:
    number = detail.get("files", 0)
    return [ngettext("%(n)s fil", "%(n)s filer", number) % {"n": number}]


def _code(detail: Detail, model: Any) -> list[str]:
    return [f"{explain(str(detail.get('code', ''))).title} ({detail.get('code', '')})"]


def _settled(detail: Detail, model: Any) -> list[str]:
    arrived = detail.get("outcome") == "ARRIVED"
    return [_("Den kom fram") if arrived else _("Den kom ikke fram"), str(detail.get("grounds", ""))]


ANSWERS = {"ACCEPTED": lazy("Godkjent"), "REJECTED": lazy("Avvist")}


def _outcome(detail: Detail, model: Any) -> list[str]:
    """What the answer says, and how a person knows it."""
    outcome = str(detail.get("outcome", ""))
    return [text for text in (str(ANSWERS.get(outcome, outcome)), str(detail.get("grounds", ""))) if text]


def _edits(detail: Detail, model: Any) -> list[str]:
    changes: dict[str, Any] = detail.get("changes", {})
    return [
        _("%(field)s: %(old)s → %(new)s")
        % {"field": label(model, name), "old": value_of(model, name, old), "new": value_of(model, name, new)}
        for name, (old, new) in changes.items()
    ]


def _written(detail: Detail, model: Any) -> list[str]:
    """The fields that were written, and what was removed from the entry."""
    parts = [label(model, name) for name in detail.get("fields", [])]
    removed = ", ".join(map(str, detail.get("removed", [])))
    return [*parts, *([_("Fjernet: %(names)s") % {"names": removed}] if removed else [])]


def _visit(detail: Detail, model: Any) -> list[str]:
    """Where from, and the factor beside the password where there was one."""
    where = [value for name in ("ip", "browser") if (value := str(detail.get(name, "")))]
    return [*where, *(_spoken(name, str(detail[name])) for name in ("factor", "why") if detail.get(name))]


def _rights(detail: Detail, model: Any) -> list[str]:
    """Package urns are long, so their codes are shown."""
    return [*detail.get("rights", []), *(urn.rsplit(":", 1)[-1] for urn in detail.get("packages", []))]


def _clients(detail: Detail, model: Any) -> list[str]:
    counted = [
        (ngettext("%(n)s ny", "%(n)s nye", detail.get("new", 0)), detail.get("new", 0)),
        (_("%(n)s mangler i listen"), detail.get("missing", 0)),
        (_("%(n)s er fjernet"), detail.get("gone", 0)),
        (_("%(n)s i alt"), detail.get("number", 0)),
    ]
    return [text % {"n": number} for text, number in counted if number]


def _names(*keys: str) -> Callable[[Detail, Any], list[str]]:
    """The values of these details, which are codes or names of ours."""
    return lambda detail, model: [_spoken(key, plain(detail[key])) for key in keys if detail.get(key)]


def _spoken(key: str, value: str) -> str:
    return SPOKEN[key](value) if key in SPOKEN else value


def _dated(detail: Detail, model: Any) -> list[str]:
    return [*_names("service", "period")(detail, model), *_edits(detail, model)]


def _nothing(detail: Detail, model: Any) -> list[str]:
    return []


def _alarm(detail: Detail, model: Any) -> list[str]:
    """Of which kind, about whom, and how much."""
    found = [_spoken("alarm", str(detail.get("kind", ""))), str(detail.get("concerns", "")).removeprefix("user:")]
    return [*filter(None, found), str(detail.get("number", ""))]


@dataclass(frozen=True)
class Presenter:
    """`on_pages`: shown in the histories on pages. The list of the audit trail shows every event."""

    title: Any
    details: Callable[[Detail, Any], list[str]] = _nothing
    colour: str = "neutral"
    on_pages: bool = True


P = Presenter
_receiver = _names("receiver")
_attempt, _system, _kid, _host = _names("attempt"), _names("system_id"), _names("kid"), _names("host")
PRESENTERS: dict[AuditType, Presenter] = {
    T.ADDED: P(lazy("Lagt til")),
    T.EDITED: P(lazy("Endret"), _edits),
    T.DELETED: P(lazy("Slettet"), _edits),
    T.LOOKED_UP: P(lazy("Slått opp i Enhetsregisteret")),
    T.NOTE_ADDED: P(lazy("Notat skrevet")),
    T.NOTE_DELETED: P(lazy("Notat slettet")),
    T.CONTACT_ADDED: P(lazy("Kontakt lagt til"), _receiver),
    T.CONTACT_EDITED: P(lazy("Kontakt endret"), _receiver),
    T.CONTACT_REMOVED: P(lazy("Kontakt fjernet"), _receiver),
    T.ADDRESS_MUTED: P(lazy("Mottakeren vil ikke ha flere e-poster"), _receiver),
    T.RELATION_ENDED: P(lazy("Kundeforholdet avsluttet")),
    T.ARCHIVED: P(lazy("Kunden er arkivert")),
    T.REACTIVATED: P(lazy("Kundeforholdet gjenopptatt")),
    T.LOGGED_IN: P(lazy("Logget inn"), _visit),
    T.LOGGED_OUT: P(lazy("Logget ut"), _visit),
    T.LOG_IN_FAILED: P(lazy("Innlogging mislyktes"), _visit, "warning"),
    T.LOG_IN_BLOCKED: P(lazy("Innlogging sperret etter for mange forsøk"), _visit, "danger"),
    T.RESET_ASKED: P(lazy("Bedt om nytt passord"), _visit),
    T.PASSWORD_RESET: P(lazy("Nytt passord med lenken i e-posten"), _visit),
    T.PASSWORD_SET: P(lazy("Passord satt av en annen")),
    T.LOG_IN_REFUSED: P(lazy("Innlogging hos identitetsleverandøren avvist"), _visit, "warning"),
    T.IDENTITY_CONNECTED: P(lazy("Knyttet til identitetsleverandøren")),
    T.IDENTITY_REMOVED: P(lazy("Koblet fra identitetsleverandøren av en annen"), colour="warning"),
    T.VOUCHED: P(lazy("Bekreftet at kontoen brukes av eieren")),
    T.FACTOR_ADDED: P(lazy("Lagt til i totrinnsinnloggingen"), _names("factor")),
    T.FACTOR_REMOVED: P(lazy("Fjernet fra totrinnsinnloggingen"), _names("factor"), "warning"),
    T.FACTORS_RESET: P(lazy("Totrinnsinnlogging fjernet av en annen"), colour="warning"),
    T.FACTOR_FAILED: P(lazy("Feil kode ved innlogging"), _visit, "warning"),
    T.RECOVERY_CODES_MADE: P(lazy("Nye gjenopprettingskoder laget")),
    T.RECOVERY_CODE_USED: P(lazy("Gjenopprettingskode brukt"), colour="warning"),
    T.PROOF_MADE: P(lazy("Hemmelighet eller nøkkel lagt til"), _kid),
    T.PROOF_ENDED: P(lazy("Hemmelighet eller nøkkel avsluttet"), _kid),
    T.TOKEN_REFUSED: P(lazy("Noen ba om token uten å vise rett hemmelighet eller nøkkel"), _visit, "warning"),
    T.INTEGRATION_STOPPED: P(lazy("Integrasjonen er stengt"), colour="warning"),
    T.INTEGRATION_STARTED: P(lazy("Integrasjonen er åpnet igjen")),
    T.WEBHOOK_MADE: P(lazy("Webhook laget"), _host),
    T.WEBHOOK_CHANGED: P(lazy("Webhook endret"), _host),
    T.WEBHOOK_SECRET_MADE: P(lazy("Ny hemmelighet for webhook")),
    T.WEBHOOK_STOPPED: P(lazy("Webhook stoppet"), colour="warning"),
    T.WEBHOOK_STARTED: P(lazy("Webhook startet igjen")),
    T.WEBHOOK_PAUSED: P(lazy("Webhook satt på pause: mottakeren tar ikke imot"), _host, "warning"),
    T.WEBHOOK_REMOVED: P(lazy("Webhook fjernet"), _host, "warning"),
    T.WEBHOOK_TESTED: P(lazy("Testmelding sendt til webhook")),
    T.WEBHOOK_SENT_AGAIN: P(lazy("Melding sendt på nytt til webhook")),
    T.KEY_MADE: P(lazy("Nøkkel laget"), _kid),
    T.KEY_IMPORTED: P(lazy("Nøkkel importert"), _kid),
    T.KEYS_READ: P(lazy("Nøklene lest hos Digdir"), on_pages=False),
    T.KEY_POSTED: P(lazy("Nøkkel legges inn hos Digdir"), _kid),
    T.KEY_POSTED_BY_HAND: P(lazy("Nøkkel lagt inn hos Digdir for hånd"), _kid),
    T.KEY_REMOVED: P(lazy("Nøkkel fjernes hos Digdir"), _kid),
    T.KEY_REMOVED_BY_HAND: P(lazy("Nøkkel fjernet hos Digdir for hånd"), _kid),
    T.ROTATION_STARTED: P(lazy("Nøkkelbytte begynt"), _kid),
    T.CLIENTS_LISTED: P(lazy("Klientene lest hos Digdir"), on_pages=False),
    T.CLIENT_ORDERED: P(lazy("Ber Digdir lage en klient"), _names("scopes")),
    T.KEY_TRIED: P(lazy("Nøkkel prøvd hos Maskinporten"), _kid, on_pages=False),
    T.SCOPES_CHECKED: P(lazy("Scope undersøkt"), _names("scopes"), on_pages=False),
    T.CONNECTION_TRIED: P(lazy("Forbindelsen prøvd"), _names("scopes"), on_pages=False),
    T.SERVICE_ON: P(lazy("Tjeneste slått på"), _names("service")),
    T.SERVICE_OFF: P(lazy("Tjeneste slått av"), _names("service")),
    T.DATE_SET: P(lazy("Egen frist satt"), _dated),
    T.DATE_REMOVED: P(lazy("Egen frist fjernet"), _dated),
    T.EXPECTED: P(lazy("Rapport forventes"), _names("service", "period")),
    T.NOT_EXPECTED: P(lazy("Rapport forventes ikke"), _names("service")),
    T.UNDECIDED: P(lazy("Ikke lenger bestemt om rapporten forventes"), _names("service")),
    T.APPROVAL_ON: P(lazy("Tjeneste krever godkjenning av en annen"), _names("service")),
    T.APPROVAL_OFF: P(lazy("Tjeneste krever ikke lenger godkjenning"), _names("service")),
    T.CLAIMS_SHOWN: P(lazy("Innholdet i et token vist"), _names("scopes"), on_pages=False),
    T.REGISTER: P(lazy("Prøver å registrere i systemregisteret")),
    T.REGISTER_REFUSED: P(lazy("Altinn sa nei til registreringen"), _codes, "danger"),
    T.REGISTER_UNANSWERED: P(lazy("Altinn svarte ikke på registreringen"), colour="warning"),
    T.REGISTER_DONE: P(lazy("Registrert i systemregisteret"), colour="success", on_pages=False),
    T.UPDATE: P(lazy("Prøver å oppdatere systemregisteret"), _written),
    T.UPDATE_REFUSED: P(lazy("Altinn sa nei til oppdateringen"), _codes, "danger"),
    T.UPDATE_UNANSWERED: P(lazy("Altinn svarte ikke på oppdateringen"), colour="warning"),
    T.UPDATE_DONE: P(lazy("Oppdatert i systemregisteret"), colour="success"),
    T.DELETE: P(lazy("Bedt om sletting i Altinn")),
    T.DELETE_REFUSED: P(lazy("Altinn sa nei til slettingen"), _codes, "danger"),
    T.DELETE_UNANSWERED: P(lazy("Altinn svarte ikke på slettingen"), colour="warning"),
    T.DELETE_DONE: P(lazy("Slettet i systemregisteret"), colour="success", on_pages=False),
    T.COMPARE: P(lazy("Sammenlignet med Altinn")),
    T.READ_REGISTER: P(lazy("Hentet systemene fra Altinn"), _system, on_pages=False),
    T.TAKE_OVER: P(lazy("Tatt over slik Altinn har det"), _written),
    T.RECONCILE: P(lazy("Tilgangene er gått gjennom"), _system, on_pages=False),
    T.ADOPT: P(lazy("Systembrukere skal overtas fra Altinn"), _names("number", "profile")),
    T.LIST_ASKED: P(lazy("Listen over systembrukere skal hentes fra Altinn"), on_pages=False),
    T.IGNORED: P(lazy("Systembrukere skal ikke følges"), _names("number")),
    T.RECONSIDERED: P(lazy("Systembrukere skal vurderes på nytt"), _names("number")),
    T.OFFERED_ASKED: P(lazy("Pakkene og rettighetene skal hentes fra Altinn"), on_pages=False),
    T.TAKEN_OVER: P(lazy("Overtatt fra Altinn, uten å spørre kunden"), _names("profile"), "success"),
    T.RIGHTS_ASKED: P(lazy("Altinn skal spørres om hva tilgangen gjelder"), on_pages=False),
    T.RIGHTS_KNOWN: P(lazy("Altinn har sagt hva tilgangen gjelder"), _rights),
    T.CHANGE_ASKED: P(lazy("Bedt om endring"), _rights),
    T.REQUESTED: P(lazy("Bedt om tilgang")),
    T.SEND: P(lazy("Prøver å sende til Altinn"), _attempt, on_pages=False),
    T.SEND_AGAIN: P(lazy("Sendt på nytt")),
    T.WITHDRAW: P(lazy("Ville trekke forespørselen")),
    T.LINK_REVOKED: P(lazy("Lenken ble stengt")),
    T.LINK_RENEWED: P(lazy("Lenken fikk ny adresse")),
    T.LED_TO_ALTINN: P(lazy("Gikk videre til Altinn")),
    T.MAIL_ORDERED: P(lazy("E-post til kunden bestilt")),
    T.MAIL_PUT: P(lazy("E-post til kunden"), mails.mail_kind),
    T.MAIL_REFUSED: P(lazy("E-posten til kunden ble ikke tatt imot"), mails.refused_mail, "danger"),
    T.MAIL_RETURNED: P(lazy("E-posten til kunden kom i retur"), colour="warning"),
    T.MAILS_STOPPED: P(lazy("E-post til kunden stoppet"), mails.why_stopped),
    T.TOLD_OTHER_WAY: P(lazy("Kunden er varslet på en annen måte")),
    T.TEST_MAIL: P(lazy("Prøve på en e-post sendt til seg selv"), mails.mail_kind, on_pages=False),
    T.LETTER_MADE: P(lazy("Brev til kunden laget"), _names("format")),
    T.LINKS_EXPORTED: P(lazy("Lenker til kunder lastet ned"), _names("number")),
    T.MAIL_DOMAIN_CHECKED: P(lazy("Domenet vi sender e-post fra, er undersøkt"), on_pages=False),
    T.MISSING_TOKEN: P(lazy("Maskinporten fant ikke systembrukeren")),
    T.MISSING_LIST: P(lazy("Altinn hadde ikke systembrukeren i listen")),
    T.SIGNS_DISAGREE: P(lazy("Altinn og Maskinporten sa ikke det samme")),
    T.CLIENTS_ASKED: P(lazy("Klientene skal hentes fra Altinn"), on_pages=False),
    T.CLIENTS_CHANGED: P(lazy("Klientene hos regnskapsføreren er endret"), _clients),
    T.CLIENTS_CHOSEN: P(lazy("Klienter skal legges til som kunder"), _names("number")),
    T.LIST_EXPORTED: P(lazy("Liste lastet ned"), _names("list", "number"), on_pages=False),
    T.PERSON_SOUGHT: P(lazy("Prøvde å søke på et fødselsnummer"), colour="warning", on_pages=False),
    T.CLIENTS_EXPORTED: P(lazy("Liste over klienter lastet ned"), on_pages=False),
    T.CREATED: P(lazy("Opprettet"), _names("service", "year"), on_pages=False),
    T.SERVICE_CHOSEN: P(lazy("Tjeneste valgt for filer"), _names("service", "number")),
    T.DRAFTS_ORDERED: P(lazy("Kladder bestilt for en filsamling"), _names("number")),
    T.SENDING_ORDERED: P(lazy("Sending bestilt for en filsamling"), _names("number")),
    T.REST_FETCHED: P(lazy("Resten av en filsamling lastet ned"), _names("number")),
    T.FILES_ADDED: P(lazy("Filer lagt til"), _files, on_pages=False),
    T.FILE_REMOVED: P(lazy("Fil fjernet"), _files, on_pages=False),
    T.FILE_PUT_BACK: P(lazy("Fjernet fil lagt tilbake"), _files, on_pages=False),
    T.EARLIER_ASKED: P(lazy("Oppgaven for perioden før bestilt"), on_pages=False),
    T.APPROVAL_ASKED: P(lazy("Bedt om godkjenning")),
    T.APPROVAL_WITHDRAWN: P(lazy("Trakk spørsmålet om godkjenning")),
    T.APPROVAL_REFUSED: P(lazy("Ikke godkjent for sending"), _names("grounds"), "warning"),
    T.APPROVAL_DROPPED: P(lazy("Godkjenning må bes om på nytt: filene er endret"), colour="warning"),
    T.APPROVED: P(lazy("Godkjent for sending"), colour="success"),
    T.LEFTOVERS_REMOVED: P(lazy("Opplastingen hos Skatteetaten fjernet"), on_pages=False),
    T.CONFIRMATION_REPEATED: P(lazy("Bekreftelsen gjentatt, siden ingenting ble funnet"), on_pages=False),
    T.SETTLED: P(lazy("Avgjort av en person"), _settled),
    T.CORRECTION_TOLD: P(lazy("En person sa hva som retter den"), colour="success"),
    T.CONTRADICTED: P(lazy("Skatteetaten har gitt et svar som sier det motsatte"), _outcome, "warning"),
    T.ANSWER_CHOSEN: P(lazy("En person sa hvilket svar som gjelder"), _outcome, "success"),
    T.RESTORED: P(lazy("Databasen lagt tilbake, sendingen stanset")),
    T.HOLD_ENDED: P(lazy("Sendingen sluppet løs igjen")),
    T.PURGE_PLANNED: P(lazy("Sletting planlagt"), _names("kind", "number"), on_pages=False),
    T.PURGE_POSTPONED: P(lazy("Sletting utsatt"), _names("kind"), on_pages=False),
    T.PURGED: P(lazy("Sletting utført"), _names("kind", "number"), on_pages=False),
    T.EVIDENCE_DELETED: P(lazy("Filer og svar slettet: tiden de skal oppbevares, er ute")),
    T.CONTACTS_DELETED: P(lazy("Kontaktpersoner og adresser slettet")),
    T.ERASURE_ORDERED: P(lazy("Sletting av opplysninger om kunden bestilt")),
    T.HELD_EXPORTED: P(lazy("Alt som er lagret om kunden, lastet ned")),
    T.ALARM_RAISED: P(lazy("Alarm"), _alarm, "warning", on_pages=False),
    T.ALARM_SEEN: P(lazy("Alarm sett"), on_pages=False),
    T.ACCESS_REVIEWED: P(lazy("Tilgangene er gått gjennom"), _names("number"), on_pages=False),
    T.PROPOSED: P(lazy("Foreslått for en kollega"), _names("act"), on_pages=False),
    T.BACKUP: P(lazy("Sikkerhetskopi begynt"), _names("folder"), on_pages=False),
    T.TRAIL_VERIFIED: P(lazy("Revisjonsloggen kontrollert"), _names("seals", "rows"), on_pages=False),
    T.TRAIL_BROKEN: P(lazy("Revisjonsloggen stemmer ikke"), _code, "danger", on_pages=False),
    T.PRODUCTION_TICKED: P(lazy("Sjekklisten for produksjon krysset av"), _names("service")),
    T.PRODUCTION_UNTICKED: P(lazy("Avkryssingen for produksjon trukket tilbake"), _names("service")),
    T.SEEN_AS_CUSTOMER: P(lazy("Så kundens side slik kunden ser den"), _names("grounds")),
    T.LETTER_READ: P(lazy("Brev fra Skatteetaten lest"), on_pages=False),
    T.OPENED_BY_PERSON: P(lazy("Åpnet av en person. Skatteetaten skal få vite det")),
    T.DIALOG_ASSIGNED: P(lazy("Dialogen er fordelt"), _edits),
    T.DIALOG_DONE: P(lazy("Dialogen er merket som ferdig")),
    T.DIALOG_UNDONE: P(lazy("Dialogen er ikke lenger ferdig")),
    T.DIALOG_ARCHIVED: P(lazy("Dialogen arkiveres i kundens innboks")),
    T.DIALOG_UNARCHIVED: P(lazy("Dialogen hentes tilbake fra arkivet i kundens innboks")),
    T.OPENED_IN_ALTINN: P(lazy("Dialogen åpnet i kundens innboks i Altinn")),
    T.SUBSCRIBE: P(lazy("Abonnement på hendelser bestilt"), on_pages=False),
    T.UNSUBSCRIBE: P(lazy("Abonnement på hendelser fjernet"), on_pages=False),
    T.TRIED_AGAIN: P(lazy("Bedt om å hente på nytt")),
    T.MADE_DUE: P(lazy("Prøves på nytt uten å vente")),
    T.LEASE_RELEASED: P(lazy("Frigitt fra en arbeider som henger"), _attempt),
    T.READ: P(lazy("Dokument, svar eller dialog lest"), on_pages=False),
    T.FETCHED: P(lazy("Dokument lastet ned"), on_pages=False),
    T.EVIDENCE_FETCHED: P(lazy("Bevispakke lastet ned"), on_pages=False),
    T.LINK_READ: P(lazy("Kundens lenke hentet"), on_pages=False),
    T.ANSWER_DELETED: P(lazy("Svaret på bestillingen slettet")),
    T.LOOK_ASKED: P(lazy("Bedt om å se etter i Altinn")),
    T.FILES_DELETED: P(lazy("Filene i den forkastede kladden slettet")),
    T.ORDER_EXPORTED: P(lazy("Svar på bestilling lastet ned"), _names("format"), on_pages=False),
}
ACTS = {
    ("submissions.Submission", "READY"): lazy("Kontrollert hos oss"),
    ("submissions.Submission", "QUEUED"): lazy("Lagt i kø"),
    ("submissions.Submission", "SENDING"): lazy("Sendingen startet"),
}
"""Titles of changes of state that say what happened, where the label of the new state does not."""
HIDDEN_ON_PAGES = [str(what) for what, presenter in PRESENTERS.items() if not presenter.on_pages]


def present(event: AuditEvent) -> Presented:
    """Any stored event, also one of a release whose types are gone, which is shown by its code, and one that we did not write:
    its details are left out when they have another form.
    """
    model = model_of(event.target)
    _before, arrow, after = event.what.partition("->")
    way = _way(event.detail)
    if arrow:
        return Presented(state_title(model, after), way, colour(after), on_pages=model is not None)
    try:
        presenter = PRESENTERS[AuditType(event.what)]
    except ValueError:
        return Presented(event.what, [], "neutral", on_pages=False)
    try:
        parts = presenter.details(event.detail, model)
    except (TypeError, ValueError, AttributeError, KeyError):
        parts = []
    return Presented(str(presenter.title), [*parts, *way], presenter.colour, presenter.on_pages)


def _way(detail: Any) -> list[str]:
    is_command = isinstance(detail, dict) and detail.get(origin.WAY) == origin.COMMAND_LINE
    return [_("Fra kommandolinjen")] if is_command else []


def state_title(model: Any, state: str) -> str:
    """What happened when a row came into this state: the words of ACTS, else the label of the state."""
    status = field_of(model, "status")
    if status is None:
        return state
    labels = dict(status.choices or ())
    return str(ACTS.get((model._meta.label, state)) or labels.get(state, state))


def model_of(target: str) -> Any:
    """The model of an event's target; None when it does not exist any more."""
    try:
        return apps.get_model(target.partition(":")[0])
    except (LookupError, ValueError):
        return None
