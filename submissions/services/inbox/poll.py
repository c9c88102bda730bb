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
"""Per round; what is left waits for the next, which comes at once."""


@dataclass(frozen=True)
class Question:
    """All that a thread needs to ask for one system user; nothing of the ORM."""

    cursor_id: int
    gateway: Dialogporten
    grant: tokens.PreparedGrant
    filters: dict[str, Any]
    token: str
    overlap_from: datetime | None


@dataclass
class Answer:
    """What came back: items in order, the place to go on from, and what went wrong if anything did."""

    items: list[DialogItem] = field(default_factory=list)
    token: str = ""
    has_more: bool = False
    error: GatewayError | tokens.AccessMissing | None = None


def poll(*, cursor_ids: list[int], at: datetime) -> list[int]:
    """Ask for these claimed cursors and store what is new. Returns the ids of dialogs whose content moved."""
    chosen = PollCursor.objects.filter(pk__in=cursor_ids).select_related(
        "request__customer", "request__profile__system__client"
    )
    rows = list(chosen)
    questions = [question for row in rows if (question := _question(row, at))]
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        answers = dict(zip((q.cursor_id for q in questions), pool.map(lambda q: _ask(q, at), questions), strict=True))
    with transaction.atomic():
        return _store(rows, answers, at)


def _question(cursor: PollCursor, at: datetime) -> Question | None:
    request = cursor.request
    is_agent = request.profile.kind == Kind.AGENT
    order = "contentUpdatedAt" if is_agent else "updatedAt"
    filters: dict[str, Any] = {"order_by": f"{order}_asc", "limit": PAGE}
    if is_agent:
        filters["service_resources"] = [f"urn:altinn:resource:{right}" for right in request.rights][:20]
    else:
        filters["parties"] = [f"urn:altinn:organization:identifier-no:{request.customer.orgnr}"]
    if not cursor.token:
        filters["content_updated_after" if is_agent else "updated_after"] = cursor.since
    overlap = at - cursors.OVERLAP if cursor.overlap_at and cursor.overlap_at <= at else None
    try:
        grant = tokens.prepare_grant(request=request, scopes=SCOPES)
    except tokens.NoKey as error:
        logger.error("cannot poll for request %s: %s", request.pk, error)
        return None
    return Question(cursor.pk, dialogporten(request.environment), grant, filters, cursor.token, overlap)


def _ask(question: Question, at: datetime) -> Answer:
    """Runs in a thread: a token, then pages until there are no more."""
    answer = Answer(token=question.token)
    try:
        token = tokens.fetch_token(question.grant, at=at)
        _read_pages(question, answer, token)
        if question.overlap_from:
            _read_overlap(question, answer, token)
    except (GatewayError, tokens.AccessMissing) as error:
        answer.error = error
    return answer


def _read_pages(question: Question, answer: Answer, token: str) -> None:
    for _page in range(MOST_PAGES):
        place = answer.token
        page = question.gateway.search(token=token, continuation_token=place or None, **question.filters)
        answer.items += page.items
        answer.token = page.continuation_token or place
        answer.has_more = page.has_next_page
        if not page.has_next_page:
            return


def _read_overlap(question: Question, answer: Answer, token: str) -> None:
    """Once in a while, look at the last two days again: late commits and new rights lie behind the cursor."""
    filters = {k: v for k, v in question.filters.items() if not k.endswith("_after")}
    after = "content_updated_after" if "service_resources" in filters else "updated_after"
    page = question.gateway.search(token=token, **filters, **{after: question.overlap_from})
    answer.items = [*page.items, *answer.items]


def _store(cursor_rows: list[PollCursor], answers: dict[int, Answer], at: datetime) -> list[int]:
    waiting = cursors.awaited([row.request_id for row in cursor_rows])
    moved: list[int] = []
    for row in cursor_rows:
        answer = answers.get(row.pk)
        if answer is None or answer.error is not None:
            _note_failure(row, answer.error if answer else None, at)
            continue
        fresh = copies.store_dialogs(request=row.request, items=_own(row, answer.items), at=at)
        moved += fresh
        _note_success(row, answer, at, changed=bool(fresh), awaited_since=waiting.get(row.request_id))
    fields = [
        "token",
        "since",
        "due_at",
        "lease_until",
        "polled_at",
        "changed_at",
        "overlap_at",
        "failures",
        "problem_code",
    ]
    PollCursor.objects.bulk_update(cursor_rows, fields, batch_size=500)
    return moved


def _own(cursor: PollCursor, items: Iterable[DialogItem]) -> list[DialogItem]:
    """Only dialogs of the party we asked for: a search may bring along another's through instance delegation."""
    if cursor.request.profile.kind == Kind.AGENT:
        return list(items)
    party = f"urn:altinn:organization:identifier-no:{cursor.request.customer.orgnr}"
    own = [item for item in items if item.party == party]
    return own


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


def _note_failure(row: PollCursor, error: Exception | None, at: datetime) -> None:
    """The place stays where it was; nothing is inferred about the access from one refusal."""
    row.failures += 1
    row.lease_until = None
    row.problem_code = _code(error)
    row.due_at = cursors.after_failure(row, at=at, retry_after=getattr(error, "retry_after", None))
    if isinstance(error, BrokenReply) or (isinstance(error, Refused) and error.status == 401):
        logger.error("polling for request %s needs a person: %s", row.request_id, error)
    if isinstance(error, Refused) and error.code == "continuationToken":
        row.token = ""


def _code(error: Exception | None) -> str:
    if isinstance(error, tokens.AccessMissing):
        return "MP-303"
    if isinstance(error, Unavailable):
        return "UNAVAILABLE"
    if isinstance(error, BrokenReply):
        return "BROKEN_REPLY"
    return str(getattr(error, "code", ""))[:50]
