"""The state of the nine steps from a Maskinporten client to a fetched feedback document, in one environment.

A step is done only when a real call showed it; every other state names the cause, who can fix it, and how. The steps are
about the connection, so they are the same for everybody: they count the rows of all customers and name none of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import User
from portal.core import lease
from portal.core.counting import Over
from portal.core.environments import Environment
from portal.desk.counting import count_all, newest_of, newest_of_many
from portal.explain import explain
from submissions.models import Dialog, Document, EventSubscription, PollCursor, ReceivedEvent, Submission, Transmission
from submissions.services import catalogue
from submissions.services.inbox import following
from submissions.services.inbox.subscriptions.wanted import can_subscribe
from systemusers.models import Access, Kind, MaskinportenClient, ScopeGrant, SigningKey, System, signed_by
from systemusers.services import keys

DONE, FAULT, WAITING, REMAINING = "DONE", "FAULT", "WAITING", "REMAINING"
COLOURS = {DONE: "success", FAULT: "danger", WAITING: "info", REMAINING: "neutral"}


@dataclass(frozen=True)
class Step:
    number: int
    title: str
    state: str
    text: str
    who: str = ""
    how: str = ""
    url: str = ""
    action: str = ""
    since: datetime | None = None

    @property
    def colour(self) -> str:
        return COLOURS[self.state]

    @property
    def label(self) -> str:
        return {DONE: _("I orden"), FAULT: _("Feil"), WAITING: _("Venter"), REMAINING: _("Gjenstår")}[self.state]


def nine_steps(*, environment: Environment, user: User, at: datetime) -> list[Step]:
    """All nine, in order."""
    checks = _StepChecks(environment, user, at)
    return [
        checks.maskinporten(), checks.register(), checks.accesses(), checks.approvals(), checks.sending(),
        checks.dialogs(), checks.events(), checks.polling(), checks.documents(),
    ]  # fmt: skip


def _key_of(client: MaskinportenClient) -> SigningKey | None:
    return next((key for key in client.keys.all() if key.status == SigningKey.Status.ACTIVE), None)


def _answered(client: MaskinportenClient) -> list[ScopeGrant]:
    return [grant for grant in client.grants.all() if grant.verdict != ScopeGrant.Verdict.UNKNOWN]


class _StepChecks:
    def __init__(self, environment: Environment, user: User, at: datetime) -> None:
        self.environment = environment
        self.at = at
        self.may_configure = user.within(environment).may_configure
        self.accesses_of = Access.objects.filter(environment=environment)
        self.submissions = Submission.objects.filter(environment=environment)
        self.subscriptions = EventSubscription.objects.filter(access__environment=environment)
        self.sent = self.accesses_of.filter(altinn_id__gt="")
        self.usable = self.accesses_of.filter(status__in=Access.USABLE)
        self.cursors = PollCursor.objects.filter(access__environment=environment, access__status__in=Access.USABLE)
        self.failing = following.failing_cursors(self.cursors)
        self.counts = count_all({
            "sent": self.sent, "usable": self.usable, "failing": self.failing,
            "followed": self.cursors.filter(polled_at__isnull=False).exclude(lease.LASTING),
        })  # fmt: skip
        self.newest = self._newest()

    def _newest(self) -> dict[str, datetime]:
        """When somebody was polled last stands in no index: each poll would write it."""
        moments = self._moments()
        if not isinstance(self.counts["followed"].n, Over):
            return newest_of(moments)
        polled = newest_of_many(*moments.pop("polled"))
        return newest_of(moments) | ({"polled": polled} if polled else {})

    def _moments(self) -> dict[str, tuple[QuerySet[Any], str]]:
        """What shows that a step is done, and when that was last."""
        has_answer = Exists(Transmission.objects.filter(dialog=OuterRef("pk")))
        dialogs = Dialog.objects.filter(has_answer, environment=self.environment)
        feedback = Q(role=Document.Role.FEEDBACK, submission__environment=self.environment)
        received = ReceivedEvent.objects.filter(subscription__in=self.subscriptions)
        return {
            "sent": (self.sent.filter(sent_at__isnull=False).order_by("-status_at", "-pk"), "sent_at"),
            "usable": (self.usable.filter(answered_at__isnull=False).order_by("-status_at", "-pk"), "answered_at"),
            "delivered": (
                self.submissions.filter(delivered_at__isnull=False).order_by("-delivered_at"),
                "delivered_at",
            ),
            "dialogs": (dialogs.order_by("-content_updated_at", "-pk"), "content_updated_at"),
            "received": (received.order_by("-pk"), "received_at"),
            "subscribed": (self.subscriptions.filter(validated_at__isnull=False).order_by("-pk"), "validated_at"),
            "polled": (self.cursors.filter(polled_at__isnull=False).order_by("-polled_at"), "polled_at"),
            "documents": (Document.objects.filter(feedback).order_by("-pk"), "stored_at"),
        }

    def url(self, name: str, **kwargs: Any) -> str:
        return reverse(name, kwargs={"environment": self.environment, **kwargs})

    def maskinporten(self) -> Step:
        title = _("Maskinporten: klient, nøkkel og scope")
        to: dict[str, Any] = {}
        if self.may_configure:  # other roles cannot open the page
            to = {"url": self.url("settings"), "action": _("Åpne innstillinger")}
        clients = list(
            MaskinportenClient.objects.filter(environment=self.environment).prefetch_related("keys", "grants")
        )
        if not clients:
            how = _("Legg inn klient-id-en fra Digdir.")
            return Step(1, title, REMAINING, _("Ingen klient er lagt inn."), _("Dere"), how, **to)
        counted = [client for client in clients if self._counts(client)] or clients
        for client in counted:
            if fault := self._fault_of(client):
                text, who, how = fault
                name = f"{client.name}: " if len(clients) > 1 else ""
                return Step(1, title, FAULT, name + text, who, how, **to)
        return self._scopes(title, counted, to)

    def _counts(self, client: MaskinportenClient) -> bool:
        """A client that signs nothing and has no key, as one just fetched from Digdir, stops nobody."""
        return _key_of(client) is not None or System.objects.filter(signed_by(client)).exists()

    def _fault_of(self, client: MaskinportenClient) -> tuple[str, str, str] | None:
        """Text, who and how; None when nothing known is wrong."""
        key, how = _key_of(client), _("Lag en nøkkel, legg den inn hos Digdir og ta den i bruk.")
        if key is None:
            return _("Klienten har ingen nøkkel i bruk."), _("Dere"), how
        if key.expires_at and key.expires_at <= self.at:
            past = _("Nøkkelen har passert datoen sin. Den brukes så lenge Maskinporten godtar den.")
            return past, _("Dere"), how
        refused = [g for g in _answered(client) if g.verdict != ScopeGrant.Verdict.GRANTED]
        if not refused:
            return None
        reason = explain(refused[0].code)
        text = _("%(scope)s: %(title)s.") % {"scope": refused[0].scope, "title": reason.title}
        return text, str(reason.who), str(reason.how)

    def _scopes(self, title: str, clients: list[MaskinportenClient], to: dict[str, Any]) -> Step:
        grants = [grant for client in clients for grant in _answered(client)]
        if not all(_answered(client) for client in clients):
            how = _("Be om et token for hvert scope under Innstillinger.")
            return Step(1, title, REMAINING, _("Scopene er ikke prøvd ennå."), _("Dere"), how, **to)
        ends = [key for key in map(_key_of, clients) if key]
        known = [days for key in ends if (days := keys.days_left(key, at=self.at)) is not None]
        count = len({grant.scope for grant in grants})
        text = ngettext("%(count)s scope er tildelt.", "%(count)s scope er tildelt.", count) % {"count": count}
        days_left = min(known, default=0)
        lasts = ngettext("Nøkkelen varer i %(days)s dag.", "Nøkkelen varer i %(days)s dager.", days_left) % {
            "days": days_left
        }
        text += " " + (lasts if known else _("Når nøkkelen utløper, er ukjent."))
        is_ending = any(keys.warning(key.expires_at, at=self.at) for key in ends)
        since = max(g.checked_at for g in grants if g.checked_at)
        if not is_ending:
            return Step(1, title, DONE, text, since=since, **to)
        text += " " + _("Bytt den før den utløper.")
        how = _("Lag en ny nøkkel under Innstillinger og ta den i bruk. Den gamle virker imens.")
        return Step(1, title, DONE, text, _("Dere"), how, since=since, **to)

    def register(self) -> Step:
        title = _("Systemregisteret")
        to: dict[str, Any] = {"url": self.url("systems"), "action": _("Åpne systemer")}
        rows = System.objects.filter(environment=self.environment).order_by("-registered_at", "-pk")
        systems = {status: [row for row in rows if row.status == status] for status in System.Status}
        registered = systems[System.Status.REGISTERED]
        if not registered and systems[System.Status.DELETED] and not systems[System.Status.DRAFT]:
            return Step(
                2, title, FAULT, _("Systemet er slettet i Altinn."), _("Dere"), _("Registrer et nytt system."), **to
            )
        if not registered:
            how = _("Registrer systemet med rettighetene dere skal be om.")
            return Step(2, title, REMAINING, _("Systemet er ikke registrert i Altinn."), _("Dere"), how, **to)
        if different := next((row for row in registered if row.drift), None):
            how, name = (
                _("Se forskjellene og oppdater Altinn."),
                f"{different.name_nb}: " if len(registered) > 1 else "",
            )
            return Step(2, title, FAULT, name + _("Altinn har noe annet enn vi har."), _("Dere"), how, **to)
        system = registered[0]
        text = _("%(name)s er registrert som %(id)s.") % {"name": system.name_nb, "id": system.system_id}
        return Step(2, title, DONE, text, since=system.compared_at or system.registered_at, **to)

    def accesses(self) -> Step:
        title = _("Forespørsler om systembruker")
        to: dict[str, Any] = {"url": self.url("accesses"), "action": _("Åpne tilganger")}
        if count := self.counts["sent"].n:
            text = ngettext("%(n)s kunde er spurt.", "%(n)s kunder er spurt.", count) % {"n": count}
            return Step(3, title, DONE, text, since=self.newest.get("sent"), **to)
        if stuck := self.accesses_of.filter(status="DRAFT", problem_code__gt="").first():
            reason = explain(stuck.problem_code)
            return Step(3, title, FAULT, str(reason.title), str(reason.who), str(reason.how), **to)
        return Step(
            3, title, REMAINING, _("Ingen kunde er spurt ennå."), _("Dere"), _("Velg en kunde og be om tilgang."), **to
        )

    def approvals(self) -> Step:
        title = _("Kunden godkjenner i Altinn")
        to: dict[str, Any] = {"url": self.url("accesses"), "action": _("Åpne tilganger")}
        if count := self.counts["usable"].n:
            text = ngettext("%(n)s kunde har godkjent.", "%(n)s kunder har godkjent.", count) % {"n": count}
            return Step(4, title, DONE, text, since=self.newest.get("usable"), **to)
        waiting = self.accesses_of.filter(status__in=Access.OPEN).count()
        if waiting:
            text = ngettext("%(n)s kunde har ikke svart.", "%(n)s kunder har ikke svart.", waiting) % {"n": waiting}
            return Step(4, title, WAITING, text, _("Kunden"), _("Send lenken til den som kan godkjenne."), **to)
        return Step(
            4, title, REMAINING, _("Ingen har noe å godkjenne ennå."), _("Dere"), _("Send en forespørsel først."), **to
        )

    def sending(self) -> Step:
        title = _("Innsending til Skatteetaten")
        to: dict[str, Any] = {"url": self.url("submissions"), "action": _("Åpne innsendinger")}
        if latest := self.newest.get("delivered"):
            return Step(5, title, DONE, _("Skatteetaten har tatt imot en oppgave."), since=latest, **to)
        if failed := self.submissions.filter(status="FAILED").order_by("-status_at").first():
            reason = explain(failed.problem_code)
            return Step(5, title, FAULT, str(reason.title), str(reason.who), str(reason.how), **to)
        return Step(
            5,
            title,
            REMAINING,
            _("Ingenting er sendt ennå."),
            _("Dere"),
            _("Lag en innsending for en kunde som har godkjent."),
            **to,
        )

    def dialogs(self) -> Step:
        title = _("Dialoger og forsendelser")
        to: dict[str, Any] = {"url": self.url("dialogs"), "action": _("Åpne dialoger")}
        if latest := self.newest.get("dialogs"):
            return Step(6, title, DONE, _("Skatteetatens svar kobles til innsendingene."), since=latest, **to)
        return Step(
            6,
            title,
            REMAINING,
            _("Ingen dialog er funnet ennå."),
            _("Ingen"),
            _("Kommer av seg selv når noe er sendt inn."),
            **to,
        )

    def events(self) -> Step:
        title = _("Hendelser fra Altinn Events")
        if received := self.newest.get("received"):
            return Step(7, title, DONE, _("Altinn varsler oss når noe er nytt."), since=received)
        if ready := self.newest.get("subscribed"):
            return Step(7, title, DONE, _("Abonnementet er bekreftet av Altinn."), since=ready)
        if refused := self.subscriptions.exclude(problem_code="").first():
            how = _(
                "Vi spør Dialogporten jevnlig i stedet. Ingenting går tapt. Så lenge portalen arbeider, kommer svarene, bare senere."
            )
            reason = explain(refused.problem_code)
            text = _("Altinn har ikke tatt imot abonnementet. %(why)s (%(code)s).")
            text %= {"why": reason.title, "code": refused.problem_code}
            url = f"{self.url('following')}?state=events"
            return Step(7, title, FAULT, text, str(reason.who), how, url=url, action=_("Se hvem det gjelder"))
        if why := self._why_no_events():
            return Step(7, title, DONE, f"{why} {_('Vi spør Dialogporten jevnlig i stedet.')}")
        return Step(
            7,
            title,
            REMAINING,
            _("Ingen abonnement ennå."),
            _("Ingen"),
            _("Opprettes når den første tilgangen er i bruk."),
        )

    def _why_no_events(self) -> str:
        """Why no subscription will ever be made for the accesses there are; "" when one will."""
        if not can_subscribe(self.environment):
            return _("Altinn varsler bare portaler som har en https-adresse.")
        usable, is_some = self.usable, bool(self.counts["usable"].n)
        opening = sorted(
            {urn for service in catalogue.followed(catalogue.local(self.environment)) for urn in service.packages}
        )
        own = ~Q(rights=[]) & Q(profile__kind=Kind.STANDARD)
        if is_some and not usable.exclude(rights=[], packages=[]).exists():
            return _("Altinn varsler ikke for tilganger uten enkeltrettigheter og tilgangspakker.")
        if is_some and not usable.filter(own | Q(packages__has_any_keys=opening)).exists():
            return _("Portalen abonnerer ikke for tilgangspakker uten en tjeneste vi kjenner.")
        return ""

    def polling(self) -> Step:
        title = _("Dialogporten: status og id-er")
        to: dict[str, Any] = {"url": self.url("dialogs"), "action": _("Åpne dialoger")}
        failed, followed, latest = self.counts["failing"].n, self.counts["followed"].n, self.newest.get("polled")
        if not failed and not latest and not self.cursors.exists():
            return Step(
                8,
                title,
                REMAINING,
                _("Vi har ingen å spørre for ennå."),
                _("Ingen"),
                _("Starter når en kunde har godkjent."),
                **to,
            )
        if failed and not followed:
            reason = explain(self.failing[0].problem_code)
            return Step(8, title, FAULT, str(reason.title), str(reason.who), str(reason.how), **to)
        if latest is None:
            return Step(8, title, WAITING, _("Første runde står for tur."), _("Ingen"), _("Vent noen sekunder."), **to)
        text = ngettext("Vi følger med for %(n)s kunde.", "Vi følger med for %(n)s kunder.", followed) % {"n": followed}
        if failed:
            text += " " + ngettext("%(n)s får vi ikke svar for.", "%(n)s får vi ikke svar for.", failed) % {"n": failed}
            to = {"url": self.url("following"), "action": _("Se hvem det gjelder")}
        return Step(8, title, DONE, text, since=latest, **to)

    def documents(self) -> Step:
        title = _("Dokumentene bak svarene")
        to: dict[str, Any] = {"url": self.url("submissions"), "action": _("Åpne innsendinger")}
        if latest := self.newest.get("documents"):
            return Step(9, title, DONE, _("Tilbakemeldinger hentes og lagres."), since=latest, **to)
        return Step(
            9,
            title,
            REMAINING,
            _("Ingen tilbakemelding er hentet ennå."),
            _("Ingen"),
            _("Hentes av seg selv når Skatteetaten har svart."),
            **to,
        )
