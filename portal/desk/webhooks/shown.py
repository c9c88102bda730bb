"""What the pages of webhooks show."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts.services.actors import Names, names_of, person
from portal.core.feed.event import FeedEvent, Type
from portal.core.filters import Group, chips, in_group
from portal.core.outbox.message import OutboxMessage
from portal.core.paging import paginate
from portal.core.webhooks import keeping, sending
from portal.core.webhooks.row import Webhook
from portal.explain import Explanation, explain

Status = OutboxMessage.Status
COLOURS = {"SENT": "success", "WAITING": "info", "SENDING": "info", "DEAD": "danger", "UNCERTAIN": "warning"}
STATE = "state"
"""The parameter of the chosen chip in the address."""
GROUPS = [
    Group("sent", Status.SENT.label, Q(status=Status.SENT)),
    Group("waiting", Status.WAITING.label, Q(status__in=[Status.WAITING, Status.SENDING])),
    Group("given-up", Status.DEAD.label, Q(status=Status.DEAD)),
    Group("closed", Status.CLOSED.label, Q(status=Status.CLOSED)),
]


@dataclass(frozen=True)
class Shown:
    """`note` is its state, with Designsystemet's name of its colour. `problem`: what the receiver did last, `how`: what to do now."""

    hook: Webhook
    types: list[str]
    note: str
    colour: str
    problem: Explanation | None
    how: str
    made_by: str


@dataclass(frozen=True)
class Sent:
    """A line of the log. `event` None: a test, or what is no longer kept."""

    message: OutboxMessage
    what: str
    subject: str
    colour: str
    problem: Explanation | None
    may_repeat: bool


def all_shown(hooks: Iterable[Webhook], *, names: Names | None = None) -> list[Shown]:
    """One query for the names of all, unless they are at hand."""
    found = list(hooks)
    names = names_of(hook.made_by for hook in found) if names is None else names
    return [shown(hook, names=names) for hook in found]


def shown(hook: Webhook, *, names: Names | None = None) -> Shown:
    """`names`: of those who made webhooks, where they are at hand."""
    names = names_of([hook.made_by]) if names is None else names
    note, colour = _note(hook)
    problem = explain(hook.problem_code) if hook.problem_code else None
    types = [str(Type(each).label) for each in hook.types]
    return Shown(hook, types, note, colour, problem, how_now(hook), person(hook.made_by, names))


def how_now(hook: Webhook) -> str:
    """What a person can do about it; "" when all is well. Nobody tries again what is paused."""
    code = sending.PAUSED if hook.paused_at and hook.problem_code != sending.GONE else hook.problem_code
    return str(explain(code).how) if code else ""


def _note(hook: Webhook) -> tuple[str, str]:
    if hook.stopped_at:
        return _("Stoppet"), "neutral"
    if hook.paused_at:
        return _("På pause"), "danger"
    if hook.failing_since:
        return _("Tar ikke imot"), "warning"
    return (_("Tar imot"), "success") if hook.accepted_at else (_("Ikke brukt ennå"), "neutral")


def log_of(hook: Webhook, query: QueryDict) -> dict[str, Any]:
    """For `log.html`: a page of the messages in the chosen state, the newest first, and the chips of the states."""
    messages, state = keeping.messages_of(hook), query.get(STATE, "")
    page = paginate(in_group(messages, GROUPS, state), query=query, order=("-pk",))
    idents = {row.pk: row.key.removeprefix(hook.prefix) for row in page}
    events = _events(ident for ident in idents.values() if not ident.startswith(keeping.TEST))
    return {
        "page": page.of(lambda row: _line(row, idents[row.pk], events.get(idents[row.pk]))),
        "chips": chips(messages, GROUPS, query=query, parameter=STATE),
        "is_filtered": bool(state),
    }


def _events(idents: Iterable[str]) -> dict[str, FeedEvent]:
    return {str(event.uid): event for event in FeedEvent.objects.filter(uid__in=list(idents))}


def _line(row: OutboxMessage, ident: str, event: FeedEvent | None) -> Sent:
    is_test = ident.startswith(keeping.TEST)
    what = _("Testmelding") if is_test else str(Type(event.type).label) if event else _("Ikke tatt vare på lenger")
    settled = row.status in ("SENT", "DEAD", "CLOSED", "UNCERTAIN")
    return Sent(
        row, what, event.subject if event else "", COLOURS.get(row.status, "neutral"),
        explain(row.problem_code) if row.problem_code else None, settled and event is not None,
    )  # fmt: skip
