"""One polling round for a batch of system users: threads fetch tokens and pages, this thread does all database work.

Standard users search by party in order of updatedAt, agent users by service resource in order of contentUpdatedAt,
always ascending from a stored continuation token: https://docs.altinn.studio/dialogporten/
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from portal.core import enqueue, lease
from portal.core.lease import Hold
from portal.gateways import urns
from portal.gateways.dialogporten import DialogItem, Dialogporten
from portal.gateways.errors import Refused
from submissions.models import PollCursor
from submissions.services import catalogue
from submissions.services.inbox import copies, cursors, pull
from submissions.services.remote import dialogporten
from systemusers.models import Access, Kind
from systemusers.services import tokens

TASK = "submissions.tasks.poll_cursors"
BATCH = 50
THREADS = 16
SCOPES = ("digdir:dialogporten",)
PAGE = 1000
MOST_RESOURCES = 20
"""Dialogporten takes so many in one search."""
MOST_PAGES = 20
"""Pages per round; the next round is due at once when more are left."""
ENOUGH = 60.0
"""Seconds after which a batch begins no further round and no further page. The leases hold for the calls under way."""
STORE_EVERY = 5.0
"""Seconds: the answers that have come are stored at least so often, however slow the others are."""


@dataclass(frozen=True)
class Question:
    """The input of one polling thread; no ORM objects. `until` is a time of the monotonic clock, `now` reads the time."""

    gateway: Dialogporten
    grant: tokens.PreparedGrant
    filters: dict[str, Any]
    token: str
    overlap_from: datetime | None
    until: float
    now: Callable[[], datetime]


@dataclass
class Answer:
    """The result of one poll: items in order, the continuation token, and the error if there was one.

    `was_asked` is False when the batch ended before its turn.
    """

    items: list[DialogItem] = field(default_factory=list)
    token: str = ""
    has_more: bool = False
    was_asked: bool = True
    error: Exception | None = None


Answers = dict[Hold[PollCursor], Answer]


@dataclass(frozen=True)
class Round:
    """How many cursors a batch took, and the ids of the dialogs that moved."""

    taken: int
    moved: tuple[int, ...]


def poll_due(*, at: datetime, limit: int = BATCH) -> Round:
    """Ask for a batch of due cursors and store what is new. A full batch wakes one more worker."""
    holds = lease.claim(cursors.usable(), at=at, limit=limit)
    if len(holds) == limit:
        enqueue.enqueue_by_name(TASK)
    moved: list[int] = []
    for answers in _ask_all(holds):
        moved += _store_all(answers)
    woken = lease.wake_alike(PollCursor.objects.all(), holds=holds, at=at)
    if woken or any(_is_due_again(hold) for hold in holds):
        enqueue.enqueue_by_name(TASK)
    return Round(len(holds), tuple(moved))


def _is_due_again(hold: Hold[PollCursor]) -> bool:
    """More pages are left, or an event came during the round."""
    due_at = hold.row.next_attempt_at
    return hold.is_finished and due_at is not None and due_at <= hold.now()


def _ask_all(holds: list[Hold[PollCursor]]) -> Iterator[Answers]:
    """The answers, in groups as they come: all at once when everything goes quickly."""
    grants = tokens.prepare_grants(accesses=[hold.row.access for hold in holds], scopes=SCOPES)
    until = time.monotonic() + ENOUGH
    keyless = {hold: grant for hold in holds if isinstance(grant := grants[hold.row.access_id], tokens.NoKey)}
    if keyless:
        yield {hold: Answer(error=error) for hold, error in keyless.items()}
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        pending = {
            pool.submit(_ask, _question(hold, grant, until)): hold
            for hold in holds
            if not isinstance(grant := grants[hold.row.access_id], tokens.NoKey)
        }
        while pending:
            done = wait(pending, timeout=STORE_EVERY).done
            yield {pending.pop(future): future.result() for future in done}


def _question(hold: Hold[PollCursor], grant: tokens.PreparedGrant, until: float) -> Question:
    cursor, access, at = hold.row, hold.row.access, hold.now()
    is_agent = access.profile.kind == Kind.AGENT
    order = "contentUpdatedAt" if is_agent else "updatedAt"
    filters: dict[str, Any] = {"order_by": f"{order}_asc", "limit": PAGE}
    if is_agent:
        filters["service_resources"] = _resources(access)
    else:
        filters["parties"] = [urns.organisation(access.customer.orgnr)]
    if not cursor.token:
        filters["content_updated_after" if is_agent else "updated_after"] = cursor.since
    overlap = at - cursors.OVERLAP if cursor.overlap_at and cursor.overlap_at <= at else None
    return Question(dialogporten(access.environment), grant, filters, cursor.token, overlap, until, hold.now)


def _resources(access: Access) -> list[str]:
    """What an agent access can read about: it has packages and no rights, so the services that it covers."""
    covered = {service.resource_urn for service in catalogue.services() if catalogue.covers(access, service)}
    return sorted(covered)[:MOST_RESOURCES]


def _ask(question: Question) -> Answer:
    """Runs in a thread: a token, then pages until there are no more. Any error is an answer too: others go on."""
    answer = Answer(token=question.token)
    if time.monotonic() > question.until:
        return Answer(was_asked=False)
    try:
        token = tokens.fetch_token(question.grant, at=question.now())
        _read_pages(question, answer, token)
        if question.overlap_from:
            _read_overlap(question, answer, token)
    except Exception as error:
        answer.error = error
    return answer


def _read_pages(question: Question, answer: Answer, token: str) -> None:
    for _page in range(MOST_PAGES):
        previous_token = answer.token
        page = question.gateway.search(token=token, continuation_token=previous_token or None, **question.filters)
        answer.items += page.items
        answer.token = page.continuation_token or previous_token
        answer.has_more = page.has_next_page
        if not page.has_next_page or time.monotonic() > question.until:
            return


def _read_overlap(question: Question, answer: Answer, token: str) -> None:
    """Read the last two days again: late commits and new rights appear behind the cursor."""
    filters = {k: v for k, v in question.filters.items() if not k.endswith("_after")}
    after = "content_updated_after" if "service_resources" in filters else "updated_after"
    filters[after] = question.overlap_from
    page = question.gateway.search(token=token, **filters)
    answer.items = [*page.items, *answer.items]


def _store_all(answers: Answers) -> list[int]:
    """Cursors without new items in one transaction, each of the others in its own: few locks, held briefly."""
    waiting = cursors.awaited([hold.row.access_id for hold in answers])
    good = {hold: answer for hold, answer in answers.items() if answer.was_asked and answer.error is None}
    moved = _store({hold: answer for hold, answer in good.items() if not answer.items}, waiting)
    for hold, answer in good.items():
        if answer.items:
            with lease.reporting(hold, longest=cursors.LONGEST_WAIT):
                moved += _store({hold: answer}, waiting)
    if moved:
        enqueue.enqueue_by_name(pull.TASK)
    for hold, answer in answers.items():
        with lease.reporting(hold, longest=cursors.LONGEST_WAIT):
            _note(hold, answer)
    return moved


def _store(answers: Answers, waiting: dict[int, datetime]) -> list[int]:
    """Stores dialogs and cursors in one transaction; nothing of those whose lease was lost."""
    moved: list[int] = []
    with transaction.atomic():
        results = {}
        for hold in lease.lock_all(answers):
            answer, row, at = answers[hold], hold.row, hold.at
            fresh = copies.store_dialogs(access=row.access, items=_own(row, answer.items), at=at)
            moved += fresh
            since = waiting.get(row.access_id)
            results[hold] = _success(row, answer, at, changed=bool(fresh), awaited_since=since)
        lease.finish_all(results)
    return moved


def _note(hold: Hold[PollCursor], answer: Answer) -> None:
    """What an answer says beside its items. Raises the answer's error, for `reporting`; the position is unchanged then.

    A token shows that the access works; MP-303 is the first sign of a removed access and decides nothing alone.
    """
    access = hold.row.access
    if not answer.was_asked:
        hold.give_back()
    elif isinstance(answer.error, tokens.AccessMissing):
        tokens.note_missing(access=access, at=hold.at, sign="token")
    elif answer.error is None and (access.status == access.Status.APPROVED or access.missing_since):
        tokens.note_token(access=access, at=hold.at)
    if _is_about_position(answer.error) and hold.row.token:
        hold.finish(next_attempt_at=hold.at, token="")
    elif answer.error is not None:
        raise answer.error


def _is_about_position(error: Exception | None) -> bool:
    """Dialogporten does not take the continuation token any more: the next round begins without one."""
    return isinstance(error, Refused) and error.code.lower() == "continuationtoken"


def _own(cursor: PollCursor, items: Iterable[DialogItem]) -> list[DialogItem]:
    """Only dialogs of the party we asked for: a search may return another party's through instance delegation."""
    if cursor.access.profile.kind == Kind.AGENT:
        return list(items)
    party = urns.organisation(cursor.access.customer.orgnr)
    return [item for item in items if item.party == party]


def _success(
    row: PollCursor, answer: Answer, at: datetime, *, changed: bool, awaited_since: datetime | None
) -> dict[str, Any]:
    """The columns of the cursor after a round that succeeded."""
    if changed:
        row.changed_at = at
    is_overlap = bool(row.overlap_at and row.overlap_at <= at)
    return {
        "token": answer.token,
        "since": row.since if answer.token else max(row.since, at - cursors.OVERLAP),
        "polled_at": at,
        "changed_at": row.changed_at,
        "overlap_at": at + cursors.OVERLAP_EVERY if is_overlap else row.overlap_at,
        "next_attempt_at": at if answer.has_more else cursors.next_round(row, at=at, awaited_since=awaited_since),
    }
