"""One polling round for a batch of system users: threads fetch tokens and pages, this thread does all database work.

Standard users search by party in order of updatedAt, agent users by service resource in order of contentUpdatedAt,
always ascending from a stored continuation token: https://docs.altinn.studio/dialogporten/
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from portal.gateways.dialogporten import DialogItem, Dialogporten
from portal.gateways.errors import BrokenReply, GatewayError, Refused, Unavailable
from submissions.models import PollCursor
from submissions.services.inbox import copies, cursors
from submissions.services.remote import dialogporten
from systemusers.models import Kind
from systemusers.services import tokens

logger = logging.getLogger(__name__)
THREADS = 16
SCOPES = ("digdir:dialogporten",)
PAGE = 1000
MOST_PAGES = 20
"""Pages per round; the next round is due at once when more are left."""
FIELDS = [
    "token", "since", "due_at", "lease_until", "polled_at", "changed_at", "overlap_at", "failures", "problem_code",
]  # fmt: skip


@dataclass(frozen=True)
class Question:
    """The input of one polling thread; no ORM objects."""

    cursor_id: int
    gateway: Dialogporten
    grant: tokens.PreparedGrant
    filters: dict[str, Any]
    token: str
    overlap_from: datetime | None


@dataclass
class Answer:
    """The result of one poll: items in order, the continuation token, and the error if there was one."""

    items: list[DialogItem] = field(default_factory=list)
    token: str = ""
    has_more: bool = False
    error: GatewayError | tokens.NoKey | None = None


def poll(*, cursor_ids: list[int], at: datetime) -> list[int]:
    """Ask for these claimed cursors and store what is new. Returns the ids of dialogs that moved.

    Cursors that are no longer leased are skipped: another message has handled them.
    """
    leased = PollCursor.objects.filter(pk__in=cursor_ids, lease_until__gt=at)
    rows = list(leased.select_related("access__customer", "access__profile__system__client"))
    grants = tokens.prepare_grants(accesses=[row.access for row in rows], scopes=SCOPES)
    answers: dict[int, Answer] = {}
    questions: list[Question] = []
    for row in rows:
        grant = grants[row.access_id]
        if isinstance(grant, tokens.NoKey):
            answers[row.pk] = Answer(error=grant)
        else:
            questions.append(_question(row, grant, at))
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        answers |= dict(zip((q.cursor_id for q in questions), pool.map(lambda q: _ask(q, at), questions), strict=True))
    return _store_all(rows, answers, at)


def _question(cursor: PollCursor, grant: tokens.PreparedGrant, at: datetime) -> Question:
    access = cursor.access
    is_agent = access.profile.kind == Kind.AGENT
    order = "contentUpdatedAt" if is_agent else "updatedAt"
    filters: dict[str, Any] = {"order_by": f"{order}_asc", "limit": PAGE}
    if is_agent:
        filters["service_resources"] = [f"urn:altinn:resource:{right}" for right in access.rights][:20]
    else:
        filters["parties"] = [f"urn:altinn:organization:identifier-no:{access.customer.orgnr}"]
    if not cursor.token:
        filters["content_updated_after" if is_agent else "updated_after"] = cursor.since
    overlap = at - cursors.OVERLAP if cursor.overlap_at and cursor.overlap_at <= at else None
    return Question(cursor.pk, dialogporten(access.environment), grant, filters, cursor.token, overlap)


def _ask(question: Question, at: datetime) -> Answer:
    """Runs in a thread: a token, then pages until there are no more."""
    answer = Answer(token=question.token)
    try:
        token = tokens.fetch_token(question.grant, at=at)
        _read_pages(question, answer, token)
        if question.overlap_from:
            _read_overlap(question, answer, token)
    except GatewayError as error:
        answer.error = error
    return answer


def _read_pages(question: Question, answer: Answer, token: str) -> None:
    for _page in range(MOST_PAGES):
        previous_token = answer.token
        page = question.gateway.search(token=token, continuation_token=previous_token or None, **question.filters)
        answer.items += page.items
        answer.token = page.continuation_token or previous_token
        answer.has_more = page.has_next_page
        if not page.has_next_page:
            return


def _read_overlap(question: Question, answer: Answer, token: str) -> None:
    """Read the last two days again: late commits and new rights appear behind the cursor."""
    filters = {k: v for k, v in question.filters.items() if not k.endswith("_after")}
    after = "content_updated_after" if "service_resources" in filters else "updated_after"
    filters[after] = question.overlap_from
    page = question.gateway.search(token=token, **filters)
    answer.items = [*page.items, *answer.items]


def _store_all(rows: list[PollCursor], answers: dict[int, Answer], at: datetime) -> list[int]:
    """Cursors without new items in one transaction, each of the others in its own: few locks, held briefly."""
    waiting = cursors.awaited([row.access_id for row in rows])
    quiet = [row for row in rows if not answers[row.pk].items]
    moved = _store(quiet, answers, waiting, at) if quiet else []
    for row in rows:
        if answers[row.pk].items:
            moved += _store([row], answers, waiting, at)
    for row in rows:
        _note_access(row, answers[row.pk], at)
    return moved


def _store(rows: list[PollCursor], answers: dict[int, Answer], waiting: dict[int, datetime], at: datetime) -> list[int]:
    """Stores dialogs and cursor in one transaction; nothing when the lease was lost."""
    moved: list[int] = []
    with transaction.atomic():
        locked = PollCursor.objects.select_for_update().filter(pk__in=[row.pk for row in rows]).order_by("pk")
        now = {row.pk: row for row in locked}
        held = [row for row in rows if row.pk in now and now[row.pk].lease_until == row.lease_until]
        for row in held:
            is_nudged = now[row.pk].due_at < row.due_at
            moved += _note(row, answers[row.pk], waiting.get(row.access_id), at)
            if is_nudged:
                row.due_at = min(row.due_at, at)
        PollCursor.objects.bulk_create(held, update_conflicts=True, unique_fields=["id"], update_fields=FIELDS)
    return moved


def _note(row: PollCursor, answer: Answer, awaited_since: datetime | None, at: datetime) -> list[int]:
    if answer.error is not None:
        _note_failure(row, answer.error, at)
        return []
    fresh = copies.store_dialogs(access=row.access, items=_own(row, answer.items), at=at)
    _note_success(row, answer, at, changed=bool(fresh), awaited_since=awaited_since)
    return fresh


def _note_access(row: PollCursor, answer: Answer, at: datetime) -> None:
    """A token shows that the access works; MP-303 is the first sign of a removed access and decides nothing alone."""
    access = row.access
    if isinstance(answer.error, tokens.AccessMissing):
        tokens.note_missing(access=access, at=at, sign="token")
    elif answer.error is None and (access.status == access.Status.APPROVED or access.missing_since):
        tokens.note_token(access=access, at=at)


def _own(cursor: PollCursor, items: Iterable[DialogItem]) -> list[DialogItem]:
    """Only dialogs of the party we asked for: a search may return another party's through instance delegation."""
    if cursor.access.profile.kind == Kind.AGENT:
        return list(items)
    party = f"urn:altinn:organization:identifier-no:{cursor.access.customer.orgnr}"
    return [item for item in items if item.party == party]


def _note_success(
    row: PollCursor, answer: Answer, at: datetime, *, changed: bool, awaited_since: datetime | None
) -> None:
    row.token = answer.token
    row.polled_at, row.failures, row.problem_code, row.lease_until = at, 0, "", None
    if not row.token:
        row.since = max(row.since, at - cursors.OVERLAP)
    if changed:
        row.changed_at = at
    if row.overlap_at and row.overlap_at <= at:
        row.overlap_at = at + cursors.OVERLAP_EVERY
    row.due_at = at if answer.has_more else cursors.next_round(row, at=at, awaited_since=awaited_since)


def _note_failure(row: PollCursor, error: Exception, at: datetime) -> None:
    """The cursor is unchanged; one refusal says nothing about the access."""
    row.failures += 1
    row.lease_until = None
    row.problem_code = _code(error)
    row.due_at = cursors.after_failure(row, at=at, retry_after=getattr(error, "retry_after", None))
    if isinstance(error, (BrokenReply, tokens.NoKey)) or (isinstance(error, Refused) and error.status in (401, 403)):
        logger.error("polling for access %s needs a person: %s", row.access_id, error)
    if isinstance(error, Refused) and error.code.lower() == "continuationtoken":
        row.token, row.due_at = "", at


def _code(error: Exception) -> str:
    if isinstance(error, tokens.NoKey):
        return "NO_KEY"
    if isinstance(error, Unavailable):
        return "UNAVAILABLE"
    if isinstance(error, BrokenReply):
        return "BROKEN_REPLY"
    return str(getattr(error, "code", ""))[:50] or f"HTTP_{getattr(error, 'status', '')}"
