"""The overview's list of work that waits for a person: a count, a text and one action. Empty lines are left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Max, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy

from accounts.models import Customer, CustomerImport, RegisterRound, User
from accounts.services.portfolio_filter import NO_PORTFOLIO, PARAMETER
from portal.core.environments import Environment
from portal.core.filters import conditions
from portal.core.formats import spelled_date
from portal.core.lease import lasting_problems
from portal.core.next_step import list_of as _url
from portal.core.outbox.message import OutboxMessage
from portal.desk import (
    attention_accesses,
    attention_alarms,
    attention_approvals,
    attention_campaigns,
    attention_checks,
    attention_due,
    attention_kept,
    attention_letters,
    attention_notices,
    attention_proposals,
    attention_setup,
    attention_webhooks,
)
from portal.desk.counting import Counted, count_all
from portal.desk.key_dates import past_its_date, without_key
from portal.desk.todo import ADMINISTER, CONFIGURE, Todo, with_customers
from submissions.models import (
    Dialog,
    EventSubscription,
    Heap,
    Order,
    PollCursor,
    Submission,
)  # fmt: skip
from submissions.services.inbox import following
from submissions.services.pages import listing
from submissions.services.pages.dialogs import OPEN, groups_for_all
from systemusers.models import Access, MaskinportenClient, SigningKey
from systemusers.services import keys
from systemusers.services.listing import CUSTOMERS

R, S = Access.Status, Submission.Status
URGENT = {S.REJECTED, S.FAILED}
Counts = Mapping[str, Counted]


def attention(*, user: User, environment: Environment, at: datetime) -> list[Todo]:
    """Work that waits for a person, urgent lines first; empty lines are left out. Two queries, one for customers' names, and
    one about the audit trail for administrators.

    Also what `user` cannot act on: see `todo.split`.
    """
    user = user.within(environment)
    counts = count_all(_selections(user, environment, at))
    lines = [
        *_about_keys(user, environment, at),
        *_about_submissions(environment, counts),
        *attention_approvals.about_approvals(environment, counts),
        *attention_proposals.about_proposals(environment, counts),
        *_about_receipts(environment, counts),
        *_about_answers(environment, counts),
        *attention_checks.about_checks(environment, counts),
        *_about_orders(environment, counts),
        *attention_accesses.about_accesses(environment, counts),
        *attention_campaigns.about_campaigns(environment, counts),
        *attention_letters.about_letters(environment, counts),
        *_about_following(environment, counts),
        *attention_due.about_counting(environment, counts),
        *attention_notices.about_notices(environment, counts),
        *_about_customers(environment, counts),
        *(attention_setup.about_system(environment, counts) if user.may_configure else []),
        *(attention_alarms.about_alarms(environment, counts) if user.keeps_people else []),
        *(attention_webhooks.about_webhooks(environment, counts) if user.keeps_integrations else []),
        *(attention_kept.about_kept(environment, counts, at=at) if user.keeps_data else []),
        *(attention_setup.about_messages(user, environment, counts) if attention_setup.may_see_messages(user) else []),
    ]
    told = with_customers([line for line in lines if line.count], counts)
    return sorted(told, key=lambda line: not line.is_urgent)


def _selections(user: User, environment: Environment, at: datetime) -> dict[str, QuerySet[Any]]:
    """What is counted, by the name of its line."""
    selected: dict[str, QuerySet[Any]] = {
        **_submissions(user, environment, at),
        **attention_accesses.selections(user, environment, at),
        **attention_campaigns.selections(user, environment, at),
        **_followed(user, environment, at),
        **attention_approvals.selections(user, environment),
        **attention_proposals.selections(user, environment, at),
        **attention_letters.selections(user, environment, at),
        **attention_due.selections(environment),
        **attention_notices.selections(user),
        **_customers(user, environment),
        "orders": Order.objects.visible_to(user).current().filter(environment=environment).needing_a_person(),
    }
    if user.may_configure:
        selected |= attention_setup.systems(environment, at)
    if user.keeps_people:
        selected |= attention_alarms.selections(environment, at)
    if user.keeps_integrations:
        selected |= attention_webhooks.selections(environment, at)
    if user.keeps_data:
        selected |= attention_kept.selections(at)
    if attention_setup.may_see_messages(user):
        selected["messages"] = OutboxMessage.objects.needing_a_person()
    return selected


ABOUT_SUBMISSIONS = [  # key, title, action, group in the list's filter: its rows are counted
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
        ngettext_lazy("Innsending er uavklart", "Innsendinger er uavklart", "n"),
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
        "queued",
    ),
    (
        S.SENDING,
        ngettext_lazy("Innsending har stoppet under sending", "Innsendinger har stoppet under sending", "n"),
        gettext_lazy("Se hvorfor"),
        "stopped",
    ),
    (
        S.READY,
        ngettext_lazy("Innsending er klar til å sendes", "Innsendinger er klare til å sendes", "n"),
        gettext_lazy("Send"),
        "ready",
    ),
]


def _submissions(user: User, environment: Environment, at: datetime) -> dict[str, QuerySet[Any]]:
    """A queued submission counts when it has a problem or is late, one on its way when the problem has lasted or no worker
    has it any more.

    What is `owed` anyway is not asked whether its customer has left.
    """
    seen = Submission.objects.visible_to(user).filter(environment=environment)
    rows = seen.current()
    groups = conditions([*listing.groups(at), *listing.groups_of_work(user=user, environment=environment, at=at)])
    return {
        **{
            key: (rows if key == S.READY else seen).filter(groups[code])
            for key, _title, _act, code in ABOUT_SUBMISSIONS
        },
        **{code: seen.filter(groups[code]) for code in ("unanswered", "contradicted")},
        **{code: rows.filter(groups[code]) for code in ("receipts", "unchecked")},
        "imports": lasting_problems(CustomerImport.objects.visible_to(user).filter(environment=environment)),
        "heaps": lasting_problems(Heap.objects.visible_to(user).filter(environment=environment)),
    }


def _about_submissions(environment: Environment, counts: Counts) -> list[Todo]:
    return [
        Todo(
            counts[status].n,
            str(title % {"n": counts[status].n}),
            _oldest(counts[status].oldest),
            str(action),
            _url(environment, "submissions", f"state={group}"),
            status in URGENT,
            key=status,
        )
        for status, title, action, group in ABOUT_SUBMISSIONS
    ]


def _about_receipts(environment: Environment, counts: Counts) -> list[Todo]:
    """Delivered reports whose receipt could not be stored as a document."""
    count = counts["receipts"].n
    title = ngettext("Levert innsending mangler kvitteringen", "Leverte innsendinger mangler kvitteringen", count)
    text = _("Rapporten er levert. Kvitteringen kan ikke lagres. Vi prøver igjen så lenge portalen arbeider.")
    page = _url(environment, "submissions", "state=receipts")
    return [Todo(count, title, text, _("Vis"), page, may=CONFIGURE, key="receipts")]


def _about_answers(environment: Environment, counts: Counts) -> list[Todo]:
    """Delivered reports that have no verdict after the service's usual time, or two that disagree."""
    count, oldest = counts["unanswered"].n, counts["unanswered"].oldest
    title = ngettext("Levert innsending har ikke fått svar", "Leverte innsendinger har ikke fått svar", count)
    text = _("Skatteetaten bruker vanligvis kortere tid. Se dialogen, eller spør Skatteetaten.")
    page = _url(environment, "submissions", "state=unanswered")
    two = counts["contradicted"].n
    ask = _("Spør Skatteetaten, og si hvilket svar som gjelder.")
    both = ngettext(
        "Innsending har fått svar som motsier hverandre", "Innsendinger har fått svar som motsier hverandre", two
    )
    listed = _url(environment, "submissions", "state=contradicted")
    return [
        Todo(count, title, f"{text} {_oldest(oldest)}", _("Vis"), page, key="unanswered"),
        Todo(two, both, ask, _("Vis"), listed, is_urgent=True, key="contradicted"),
    ]


def _about_orders(environment: Environment, counts: Counts) -> list[Todo]:
    """Orders that were refused, whose answer was lost or does not come, or that fail for long."""
    count, oldest = counts["orders"].n, counts["orders"].oldest
    title = ngettext("Bestilling trenger en person", "Bestillinger trenger en person", count)
    page = _url(environment, "orders", "state=person")
    return [Todo(count, title, _oldest(oldest), _("Se hvorfor"), page, key="orders")]


def _oldest(at: datetime | None) -> str:
    return _("Den eldste er fra %(date)s.") % {"date": spelled_date(at)} if at else ""


def _customers(user: User, environment: Environment) -> dict[str, QuerySet[Any]]:
    """Customers that we have, or wait for, an access to, and that are deleted, bankrupt and so on; and whether that is fresh."""
    customers = Customer.objects.visible_to(user).filter(environment=environment).current()
    groups = conditions(CUSTOMERS)
    unanswered = lasting_problems(RegisterRound.objects.filter(environment=environment))
    is_told = {} if user.is_administrator else {"pk": 0}
    nobodys = customers.filter(portfolio__isnull=True, **is_told)
    return {"remarked": customers.filter(groups["remarked"]), "register": unanswered, "nobodys": nobodys}


def _about_customers(environment: Environment, counts: Counts) -> list[Todo]:
    n = counts["remarked"].n
    title = ngettext("Kunde har fått en merknad i Enhetsregisteret", "Kunder har fått en merknad i Enhetsregisteret", n)
    text = _("Slettet, konkurs, under avvikling eller lignende. Se om du fortsatt skal levere for dem.")
    old = _("Det vi vet om kundene, kan være gammelt. Vi prøver igjen av oss selv.")
    listed = _url(environment, "customers", f"{PARAMETER}={NO_PORTFOLIO}")
    silent = _("Vi får ikke alle svar fra Enhetsregisteret")
    return [
        Todo(n, title, text, _("Vis"), _url(environment, "customers", "group=remarked"), key="remarked"),
        Todo(counts["register"].n, silent, old, _("Vis"), _url(environment, "customers"), may=CONFIGURE),
        Todo(
            counts["nobodys"].n,
            *_without_portfolio(counts["nobodys"].n),
            _("Vis"),
            listed,
            may=ADMINISTER,
            key="nobodys",
        ),
    ]


def _without_portfolio(number: int) -> tuple[str, str]:
    text = _(
        "Ingen saksbehandler ser dem før de har en portefølje. Velg dem i listen, og sett den for alle på én gang."
    )
    return ngettext("Kunde uten portefølje", "Kunder uten portefølje", number), text


def _followed(user: User, environment: Environment, at: datetime) -> dict[str, QuerySet[Any]]:
    """What we have failed to fetch several times in a row."""
    accesses = Access.objects.visible_to(user).current().filter(environment=environment)
    dialogs = Dialog.objects.visible_to(user).current().filter(OPEN, environment=environment)
    groups = conditions(groups_for_all(at=at))
    return {
        "dialogs": dialogs.filter(groups["stuck"]),
        "attachments": dialogs.filter(groups["attachments"]),
        "cursors": following.failing_cursors(PollCursor.objects.filter(access__in=accesses)),
        "subscriptions": following.failing_subscriptions(EventSubscription.objects.filter(access__in=accesses)),
    }


def _about_following(environment: Environment, counts: Counts) -> list[Todo]:
    """It is tried again without a person."""
    cursors, dialogs, subscriptions = (counts[name].n for name in ("cursors", "dialogs", "subscriptions"))
    files = counts["attachments"].n
    lacking = ngettext("Dialog mangler vedlegg", "Dialoger mangler vedlegg", files)
    again, action = _("Vi prøver igjen minst én gang i døgnet, så lenge portalen arbeider."), _("Se hvorfor")
    title = ngettext("Dialog lar seg ikke hente", "Dialoger lar seg ikke hente", dialogs)
    silent = ngettext("Kunde vi ikke får svar om", "Kunder vi ikke får svar om", cursors)
    late = ngettext("Abonnement på hendelser mangler", "Abonnementer på hendelser mangler", subscriptions)
    slow = _("Ingenting går tapt. Så lenge portalen arbeider, kommer svarene, bare senere.")
    return [
        Todo(cursors, silent, again, action, _url(environment, "following"), may=CONFIGURE, key="cursors"),
        Todo(dialogs, title, again, action, _url(environment, "dialogs", "state=stuck"), may=CONFIGURE, key="dialogs"),
        Todo(
            files, lacking, again, action, _url(environment, "dialogs", "state=attachments"), may=CONFIGURE, key="attachments"
        ),
        Todo(
            subscriptions, late, slow, action, _url(environment, "following", "state=events"), may=CONFIGURE,
            key="subscriptions",
        ),
    ]  # fmt: skip


def _about_keys(user: User, environment: Environment, at: datetime) -> list[Todo]:
    """Clients without a valid key (shown to all), and keys that expire soon (shown to those who can replace them)."""
    in_use = Q(keys__status=SigningKey.Status.ACTIVE)
    clients = MaskinportenClient.objects.filter(environment=environment).order_by("pk")
    ends = clients.annotate(
        ends=Max("keys__expires_at", filter=in_use), used=Max("keys__last_used_at", filter=in_use),
        active=Count("keys", filter=in_use),
    ).values_list("name", "ends", "used", "active")  # fmt: skip
    silent = [name for name, _end, _used, active in ends if not active]
    past = [used for _name, end, used, _active in ends if end and end <= at]
    ending = [(end, name) for name, end, _used, _active in ends if end and end > at and keys.warning(end, at=at)]
    page = _url(environment, "settings" if user.may_configure else "connection")
    lines = []
    if silent:
        text = without_key(silent, is_all=len(silent) == len(ends))
        lines.append(
            Todo(len(silent), _("Maskinporten-klient uten gyldig nøkkel"), text, _("Se nøklene"), page, True, CONFIGURE)
        )
    if past:
        title = _("Maskinporten-nøkkel har passert datoen sin")
        lines.append(Todo(len(past), title, past_its_date(past), _("Se nøklene"), page, True, CONFIGURE))
    if ending and user.may_configure:
        first, name = min(ending)
        is_urgent = keys.warning(first, at=at) == keys.LAST_WARNING
        days = (first - at).days
        title = ngettext(
            "Maskinporten-nøkkel utløper om %(days)s dag", "Maskinporten-nøkkel utløper om %(days)s dager", days
        ) % {"days": days}
        lines.append(Todo(len(ending), title, name, _("Bytt nøkkel"), page, is_urgent, CONFIGURE))
    return lines
