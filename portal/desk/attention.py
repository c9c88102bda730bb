"""The overview's list of work that waits for a person: a count, a text and one action. Empty lines are left out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Min, Q, QuerySet, Value
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from accounts.models import User
from portal.core.environments import Environment
from portal.core.lease import ROUNDS_BEFORE_A_PERSON, lasting_problems
from portal.core.next_step import list_of as _url
from portal.core.outbox.message import OutboxMessage
from submissions.models import Dialog, EventSubscription, PackageCheck, PollCursor, Submission
from submissions.services import following
from systemusers.models import HAS_PROBLEM, REFUSED, STUCK, Access, MaskinportenClient, SigningKey, System
from systemusers.services import keys
from systemusers.services.next_step import UNANSWERED

R, S = Access.Status, Submission.Status
URGENT = {S.REJECTED, S.FAILED}
WAITING = [R.SENT, R.FORWARDED, R.REJECTED, R.EXPIRED, R.REMOVED]
"""States of an access that may need action by staff."""


@dataclass(frozen=True)
class Todo:
    """One line of the list. `url` is where the work is done."""

    count: int
    title: str
    text: str
    action: str
    url: str
    is_urgent: bool = False


def attention(*, user: User, environment: Environment, at: datetime) -> list[Todo]:
    """Work that waits for a person, urgent lines first; empty lines are left out."""
    lines = [
        *_about_keys(user, environment, at),
        *_about_submissions(user, environment),
        *_about_receipts(user, environment),
        *_about_checks(user, environment),
        *_about_access(user, environment, at),
        *_about_following(user, environment),
        *_about_system(user, environment),
        *_about_messages(user, environment),
    ]
    return sorted((line for line in lines if line.count), key=lambda line: not line.is_urgent)


ABOUT_SUBMISSIONS = [  # status, title, action, group in the list's filter
    (
        S.REJECTED,
        ngettext_lazy("Innsending er avvist av Skatteetaten", "Innsendinger er avvist av Skatteetaten", "n"),
        gettext_lazy("Rett"),
        "rejected",
    ),
    (
        S.FAILED,
        ngettext_lazy("Innsending ble ikke tatt imot", "Innsendinger ble ikke tatt imot", "n"),
        gettext_lazy("Se feilen"),
        "failed",
    ),
    (
        S.UNCERTAIN,
        ngettext_lazy("Innsending er uavklart, vi undersøker", "Innsendinger er uavklart, vi undersøker", "n"),
        gettext_lazy("Vis"),
        "uncertain",
    ),
    (
        S.NEEDS_PERSON,
        ngettext_lazy("Innsending må fullføres av en person", "Innsendinger må fullføres av en person", "n"),
        gettext_lazy("Vis"),
        "person",
    ),
    (
        S.QUEUED,
        ngettext_lazy("Innsending kommer ikke av gårde", "Innsendinger kommer ikke av gårde", "n"),
        gettext_lazy("Se hvorfor"),
        "moving",
    ),
    (
        S.SENDING,
        ngettext_lazy("Innsending har stoppet under sending", "Innsendinger har stoppet under sending", "n"),
        gettext_lazy("Se hvorfor"),
        "moving",
    ),
    (
        S.READY,
        ngettext_lazy("Innsending er klar til å sendes", "Innsendinger er klare til å sendes", "n"),
        gettext_lazy("Send"),
        "drafts",
    ),
]


def _about_submissions(user: User, environment: Environment) -> list[Todo]:
    """Two queries. A queued submission counts when it has a problem, one on its way when the problem has lasted.

    A correction counts as the submission it corrects.
    """
    rows = Submission.objects.visible_to(user).filter(environment=environment)
    stopped = (
        Q(status__in=[S.UNCERTAIN, S.NEEDS_PERSON])
        | Q(status=S.READY, corrects__isnull=True)
        | Q(status=S.QUEUED, problem_code__gt="")
        | Q(status=S.SENDING, problem_code__gt="", failures__gte=ROUNDS_BEFORE_A_PERSON)
    )
    by: dict[str, Any] = {}
    for selection in (rows.filter(stopped), rows.needing_correction()):
        counted = selection.values("status").annotate(n=Count("pk"), oldest=Min("status_at"))
        by |= {row["status"]: row for row in counted}
    return [
        Todo(
            by[status]["n"],
            str(title % {"n": by[status]["n"]}),
            _oldest(by[status]["oldest"]),
            str(action),
            _url(environment, "submissions", f"state={group}"),
            status in URGENT,
        )
        for status, title, action, group in ABOUT_SUBMISSIONS
        if status in by
    ]


def _about_receipts(user: User, environment: Environment) -> list[Todo]:
    """Delivered reports whose receipt could not be stored as a document."""
    rows = Submission.objects.visible_to(user).filter(environment=environment, delivered_at__isnull=False)
    count = lasting_problems(rows.exclude(status=S.UNCERTAIN)).count()
    title = ngettext("Levert innsending mangler kvitteringen", "Leverte innsendinger mangler kvitteringen", count)
    text = _("Rapporten er levert. Kvitteringen kan ikke lagres, og vi prøver igjen av oss selv.")
    return [Todo(count, title, text, _("Vis"), _url(environment, "submissions", "state=delivered"))]


def _about_checks(user: User, environment: Environment) -> list[Todo]:
    """Drafts whose files cannot be checked for a fault here."""
    drafts = Submission.objects.visible_to(user).filter(environment=environment)
    count = lasting_problems(PackageCheck.objects.filter(submission__in=drafts)).count()
    title = ngettext("Kladd har filer som ikke blir kontrollert", "Kladder har filer som ikke blir kontrollert", count)
    text = _("Filene er lagret. Grunnen står på kladden, og vi prøver igjen av oss selv.")
    return [Todo(count, title, text, _("Vis"), _url(environment, "submissions", "state=drafts"))]


def _oldest(at: datetime | None) -> str:
    return _("Den eldste er fra %(date)s.") % {"date": f"{timezone.localtime(at):%d.%m.%Y}"} if at else ""


ABOUT_ACCESS = [  # key, title, text, action, state in the list's filter
    (
        "failed",
        ngettext_lazy("Forespørsel kom ikke fram til Altinn", "Forespørsler kom ikke fram til Altinn", "n"),
        gettext_lazy("Altinn sa nei, og sa hvorfor."),
        gettext_lazy("Rett"),
        "DRAFT",
    ),
    (
        "stuck",
        ngettext_lazy("Tilgang står fast", "Tilganger står fast", "n"),
        gettext_lazy("Vi prøver igjen av oss selv, men noe må trolig rettes først."),
        gettext_lazy("Se hvorfor"),
        "STUCK",
    ),
    (
        "removed",
        ngettext_lazy("Kunde har fjernet tilgangen", "Kunder har fjernet tilgangen", "n"),
        gettext_lazy("Vi kan ikke lenger sende for dem."),
        gettext_lazy("Se kundene"),
        "REMOVED",
    ),
    (
        "rejected",
        ngettext_lazy("Kunde har avvist forespørselen", "Kunder har avvist forespørselen", "n"),
        gettext_lazy("Ring dem før du spør på nytt."),
        gettext_lazy("Følg opp"),
        "REJECTED",
    ),
    (
        "expired",
        ngettext_lazy("Forespørsel er utløpt", "Forespørsler er utløpt", "n"),
        gettext_lazy("Når du fornyer, virker lenken igjen."),
        gettext_lazy("Forny"),
        "EXPIRED",
    ),
    (
        "unopened",
        ngettext_lazy(
            "Kunde har ikke åpnet lenken på over sju dager", "Kunder har ikke åpnet lenken på over sju dager", "n"
        ),
        gettext_lazy("Send lenken på nytt, eller ring."),
        gettext_lazy("Følg opp"),
        "SENT",
    ),
    (
        "forwarded",
        ngettext_lazy(
            "Forespørsel har ligget hos tilgangsstyrer i over sju dager",
            "Forespørsler har ligget hos tilgangsstyrer i over sju dager",
            "n",
        ),
        gettext_lazy("Ring kunden og spør hvem som kan godkjenne."),
        gettext_lazy("Følg opp"),
        "FORWARDED",
    ),
]


def _about_access(user: User, environment: Environment, at: datetime) -> list[Todo]:
    rows = Access.objects.visible_to(user).filter(environment=environment)
    counted = rows.filter(Q(status__in=WAITING) | HAS_PROBLEM).aggregate(
        failed=Count("pk", filter=REFUSED),
        stuck=Count("pk", filter=STUCK),
        removed=Count("pk", filter=Q(status=R.REMOVED)),
        rejected=Count("pk", filter=Q(status=R.REJECTED)),
        expired=Count("pk", filter=Q(status=R.EXPIRED)),
        unopened=Count("pk", filter=Q(status=R.SENT, sent_at__lte=at - UNANSWERED)),
        forwarded=Count("pk", filter=Q(status=R.FORWARDED, status_at__lte=at - UNANSWERED)),
    )
    return [
        Todo(
            counted[key],
            str(title % {"n": counted[key]}),
            str(text),
            str(action),
            _url(environment, "accesses", f"status={state}"),
        )
        for key, title, text, action, state in ABOUT_ACCESS
    ]


def _counts(first: QuerySet[Any], *others: QuerySet[Any]) -> list[int]:
    """How many rows each selection has, in one query."""
    parts = [
        rows.order_by().annotate(part=Value(number)).values("part").annotate(n=Count("pk"))
        for number, rows in enumerate([first, *others])
    ]
    by_part = {row["part"]: row["n"] for row in parts[0].union(*parts[1:], all=True)}
    return [by_part.get(number, 0) for number in range(len(parts))]


def _about_following(user: User, environment: Environment) -> list[Todo]:
    """What we have failed to fetch several times in a row. It is tried again without a person."""
    accesses = Access.objects.visible_to(user).filter(environment=environment)
    dialogs, cursors, subscriptions = _counts(
        lasting_problems(Dialog.objects.visible_to(user).filter(environment=environment)),
        following.failing_cursors(PollCursor.objects.filter(access__in=accesses)),
        following.failing_subscriptions(EventSubscription.objects.filter(access__in=accesses)),
    )
    again, action = _("Vi prøver igjen av oss selv, minst én gang i døgnet."), _("Se hvorfor")
    title = ngettext("Dialog lar seg ikke hente", "Dialoger lar seg ikke hente", dialogs)
    silent = ngettext("Kunde vi ikke får svar om", "Kunder vi ikke får svar om", cursors)
    late = ngettext("Abonnement på hendelser mangler", "Abonnementer på hendelser mangler", subscriptions)
    slow = _("Ingenting går tapt, svarene kommer bare senere.")
    return [
        Todo(cursors, silent, again, action, _url(environment, "following")),
        Todo(dialogs, title, again, action, _url(environment, "dialogs", "state=stuck")),
        Todo(subscriptions, late, slow, action, _url(environment, "following", "state=events")),
    ]


def _about_keys(user: User, environment: Environment, at: datetime) -> list[Todo]:
    """Clients without a valid key (shown to all), and keys that expire soon (shown to those who can replace them)."""
    active = SigningKey.objects.filter(client__environment=environment, status=SigningKey.Status.ACTIVE)
    ends = dict(active.values_list("client_id", "expires_at"))
    clients = MaskinportenClient.objects.filter(environment=environment)
    silent = [client for client in clients if client.pk not in ends or ends[client.pk] <= at]
    ending = [client for client in clients if client not in silent and keys.warning(ends[client.pk], at=at)]
    page = _url(environment, "settings" if user.may_configure else "connection")
    lines = []
    if silent:
        text = _("Ingenting kan sendes eller hentes før en nøkkel er tatt i bruk.")
        lines.append(Todo(len(silent), _("Maskinporten-klient uten gyldig nøkkel"), text, _("Se nøklene"), page, True))
    if ending and user.may_configure:
        first = min(ends[client.pk] for client in ending)
        is_urgent = keys.warning(first, at=at) == keys.LAST_WARNING
        title = _("Maskinporten-nøkkel utløper om %(days)s dager") % {"days": (first - at).days}
        lines.append(Todo(len(ending), title, ending[0].name, _("Bytt nøkkel"), page, is_urgent))
    return lines


def _about_system(user: User, environment: Environment) -> list[Todo]:
    if not user.may_configure:
        return []
    registered = System.objects.filter(environment=environment, status=System.Status.REGISTERED)
    counted = registered.aggregate(
        differing=Count("pk", filter=~Q(drift=[]), distinct=True),
        stuck=Count("pk", filter=Q(rounds__failures__gte=ROUNDS_BEFORE_A_PERSON), distinct=True),
    )
    text = _("Se forskjellene og oppdater Altinn.")
    title = _("Altinn har noe annet enn vi har om systemet")
    page = _url(environment, "systems")
    reason = _("Tilgangene kan ikke sammenlignes med det Altinn har.")
    return [
        Todo(counted["differing"], title, text, _("Se forskjellen"), page),
        Todo(counted["stuck"], _("Vi får ikke spurt Altinn om systemet"), reason, _("Se hvorfor"), page),
    ]


def _about_messages(user: User, environment: Environment) -> list[Todo]:
    """Mails and other messages that did not leave, in every environment: those who run the portal must look."""
    if not (user.is_staff or user.may_configure):
        return []
    stopped = OutboxMessage.objects.needing_a_person().count()
    title = ngettext("Utgående melding er ikke sendt", "Utgående meldinger er ikke sendt", stopped)
    if not user.is_staff:
        text = _("Be den som drifter portalen om å se på dem i Django admin.")
        return [Todo(stopped, title, text, _("Vis"), _url(environment, "connection"))]
    text = _("Se hvorfor, og send på nytt eller avslutt.")
    url = reverse("admin:portal_outboxmessage_changelist") + "?needs=person"
    return [Todo(stopped, title, text, _("Se hvorfor"), url)]
