"""One polling round for a batch of system users: threads fetch tokens and pages, this thread does all database work.

Standard users search by party in order of updatedAt, agent users by service resource in order of contentUpdatedAt,
always ascending from a stored continuation token: https://docs.altinn.studio/dialogporten/
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from typing import Any

from django.db import transaction

from portal.core import enqueue, lease
from portal.core.lease import Hold
from portal.core.problems import code_of
from portal.core.side_by_side import side_by_side
from portal.gateways import urns
from portal.gateways.dialogporten import DialogItem, Dialogporten
from portal.gateways.errors import Refused
from submissions.models import PollCursor
from submissions.services import catalogue
from submissions.services.inbox import copies, cursors, presence, pull
from submissions.services.remote import DIALOGPORTEN_SCOPES, call_with, dialogporten
from systemusers.models import Access, Kind
from systemusers.services import tokens

TASK = "submissions.tasks.poll_cursors"
BATCH = 50
THREADS = 16
PAGE = 1000
MOST_RESOURCES = 20
"""Dialogporten takes so many in one search."""
MOST_PAGES = 20
"""Pages per round; the next round is due at once when more are left."""
ENOUGH = 60.0
"""Seconds after which a batch begins no further round and no further page. The leases hold for the calls under way."""


@dataclass(frozen=True)
class Reading:
    """Pages to be read with each of the searches: from their continuation tokens, else from `since`."""

    tokens: tuple[str, ...]
    since: datetime


@dataclass(frozen=True)
class Question:
    """The input of one polling thread; no ORM objects. `until` is a time of the monotonic clock, `now` reads the time.

    `searches` are the filters of one search each: Dialogporten takes a limited number of resources in one.
    """

    gateway: Dialogporten
    grant: tokens.PreparedGrant
    order: str
    searches: tuple[dict[str, Any], ...]
    new: Reading
    again: Reading | None
    until: float
    now: Callable[[], datetime]


@dataclass
class Pages:
    """What one reading gave: items in order, and for each search its continuation token and whether more pages are left."""

    items: list[DialogItem] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    has_more: bool = False


@dataclass
class Answer:
    """The result of one poll: the new pages, those of the second reading, and the error if there was one.

    `was_asked` is False when the batch ended before its turn. `again_from` is where the second reading began. `is_read`: the
    new pages are here, and are stored although the second reading failed.
    """

    new: Pages = field(default_factory=Pages)
    again: Pages = field(default_factory=Pages)
    again_from: datetime | None = None
    was_asked: bool = True
    is_read: bool = False
    failures: int = 0
    error: Exception | None = None

    @property
    def is_empty(self) -> bool:
        return not self.new.items and self.again_from is None


Answers = dict[Hold[PollCursor], Answer]
Settings = Callable[[str], catalogue.Local]
"""The settings of services in an environment, read once in a batch."""


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
    grants = tokens.prepare_grants(accesses=[hold.row.access for hold in holds], scopes=DIALOGPORTEN_SCOPES)
    until = time.monotonic() + ENOUGH
    keyless = {hold: grant for hold in holds if isinstance(grant := grants[hold.row.access_id], tokens.NoKey)}
    if keyless:
        yield {hold: Answer(error=error) for hold, error in keyless.items()}
    settings = cache(catalogue.local)
    questions = [
        (hold, _question(hold, grant, until, settings))
        for hold in holds
        if not isinstance(grant := grants[hold.row.access_id], tokens.NoKey)
    ]
    for done in side_by_side(lambda pair: _ask(pair[1]), questions, threads=THREADS):
        yield {hold: answer for (hold, _question_asked), answer in done}


def _question(hold: Hold[PollCursor], grant: tokens.PreparedGrant, until: float, settings: Settings) -> Question:
    cursor, access, at = hold.row, hold.row.access, hold.now()
    order = "contentUpdatedAt" if access.profile.kind == Kind.AGENT else "updatedAt"
    again_from = cursors.again_from(cursor, at=at)
    again = Reading(tuple(cursor.overlap_tokens), again_from) if again_from else None
    return Question(
        gateway=dialogporten(access.environment),
        grant=grant,
        order=order,
        searches=tuple(_searches(access, settings)),
        new=Reading(tuple(cursor.tokens), cursor.since),
        again=again,
        until=until,
        now=hold.now,
    )


def _searches(access: Access, settings: Settings) -> list[dict[str, Any]]:
    """By party; an agent access has many parties, so by the resources of the services that it or a client of it covers."""
    covered = _resources(access, settings)
    if covered is None:
        return [{"parties": [urns.organisation(access.customer.orgnr)]}]
    starts = range(0, len(covered), MOST_RESOURCES)
    return [{"service_resources": covered[start : start + MOST_RESOURCES]} for start in starts]


def _resources(access: Access, settings: Settings) -> list[str] | None:
    """The resources that are asked for; None: there is no such limit."""
    if access.profile.kind != Kind.AGENT:
        return None
    return catalogue.resources_of(access, settings(access.environment))


def _ask(question: Question) -> Answer:
    """Runs in a thread: a token, then pages until there are no more. Any error is an answer too: others go on."""
    answer = Answer()
    if time.monotonic() > question.until:
        return Answer(was_asked=False)
    obtain = partial(tokens.fetch_token, question.grant, at=question.now())
    try:
        call_with(obtain, partial(_read, question, answer))
    except Exception as error:
        answer.error = error
    return answer


def _read(question: Question, answer: Answer, token: str) -> None:
    answer.new = _read_pages(question, question.new, token)
    answer.is_read = True
    if question.again:
        answer.again = _read_pages(question, question.again, token)
        answer.again_from = question.again.since


def _read_pages(question: Question, reading: Reading, token: str) -> Pages:
    pages = Pages()
    for number, search in enumerate(question.searches):
        previous = reading.tokens[number] if number < len(reading.tokens) else ""
        after = "content_updated_after" if question.order == "contentUpdatedAt" else "updated_after"
        for _page in range(MOST_PAGES):
            filters = search if previous else {**search, after: reading.since}
            page = question.gateway.search(
                token=token,
                order_by=f"{question.order}_asc",
                limit=PAGE,
                continuation_token=previous or None,
                **filters,
            )
            pages.items += page.items
            previous = page.continuation_token or previous
            if not page.has_next_page or time.monotonic() > question.until:
                break
        pages.tokens.append(previous)
        pages.has_more |= page.has_next_page
    return pages


def _store_all(answers: Answers) -> list[int]:
    """Cursors without new items in one transaction, each of the others in its own: few locks, held briefly."""
    waiting = cursors.awaited([hold.row.access_id for hold in answers])
    good = {hold: answer for hold, answer in answers.items() if answer.is_read}
    moved = _store({hold: answer for hold, answer in good.items() if answer.is_empty}, waiting)
    for hold, answer in good.items():
        if not answer.is_empty:
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
    settings = cache(catalogue.local)
    with transaction.atomic():
        results = {}
        for hold in lease.lock_all(answers):
            answer, row, at = answers[hold], hold.row, hold.at
            again = copies.store_dialogs(access=row.access, items=_own(row, answer.again.items), at=at, again=True)
            fresh = again + copies.store_dialogs(access=row.access, items=_own(row, answer.new.items), at=at)
            moved += fresh
            since = waiting.get(row.access_id)
            answer.failures = row.failures + 1 if answer.error else 0
            results[hold] = _success(row, answer, at, changed=bool(fresh), awaited_since=since)
            if cursors.is_full(answer.again_from) and not answer.again.has_more and row.full_began_at:
                resources = _resources(row.access, settings)
                presence.note_unlisted(access=row.access, resources=resources, since=row.full_began_at, at=at)
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
    if _is_about_position(answer.error) and (any(hold.row.tokens) or any(hold.row.overlap_tokens)):
        hold.finish(next_attempt_at=hold.at, tokens=[], overlap_tokens=[])
    elif answer.is_read and answer.error is not None:
        lease.log_problem(hold, answer.error)
        hold.write(failures=answer.failures, problem_code=code_of(answer.error))
        hold.is_finished = False  # nothing was mended
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
    is_due_again = answer.new.has_more or answer.again.has_more
    due_at = at if is_due_again else cursors.next_round(row, at=at, awaited_since=awaited_since)
    if answer.error:
        asked = getattr(answer.error, "retry_after", None)
        due_at = at + lease.waiting_time(answer.failures, asked=asked, longest=cursors.HOT)
    return {
        "tokens": answer.new.tokens,
        "since": row.since if all(answer.new.tokens) else max(row.since, at - cursors.OVERLAP),
        "polled_at": at,
        "changed_at": row.changed_at,
        **cursors.after_again(row, answer.again_from, answer.again.tokens, has_more=answer.again.has_more, at=at),
        "next_attempt_at": due_at,
    }
