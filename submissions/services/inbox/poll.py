"""One polling round for a batch of system users: threads ask (`reading`), this thread does all database work."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import transaction

from portal.core import enqueue, lease, lease_many
from portal.core.lease import Hold
from portal.core.problems import code_of
from portal.core.required import required
from portal.core.side_by_side import side_by_side
from portal.gateways import urns
from portal.gateways.dialogporten import DialogItem, Limits
from portal.gateways.errors import Refused
from submissions.models import PollCursor
from submissions.services import catalogue
from submissions.services.inbox import copies, cursors, limits, presence, pull
from submissions.services.inbox.reading import SHORTEST, Answer, Place, Question, ask
from submissions.services.remote import DIALOGPORTEN_SCOPES, dialogporten
from systemusers.models import Access, Kind
from systemusers.services import tokens

TASK = "submissions.tasks.poll_cursors"
BATCH = 50
THREADS = 16
TOGETHER = 200
"""Dialogs that are stored in one transaction."""
ENOUGH = 60.0
"""Seconds after which a batch begins no further round and no further page. The leases hold for the calls under way."""
Answers = dict[Hold[PollCursor], Answer]


@dataclass(frozen=True)
class Known:
    """What the rounds of one batch share: settings of services and limits of searches, by environment, each read once; and what
    was planned for each cursor when it was claimed.
    """

    settings: Callable[[str], catalogue.Local]
    limits: Callable[[str], Limits]
    plans: Mapping[int, cursors.Plan]


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
    known = Known(
        cache(catalogue.local), cache(limits.limits_of), {hold.row.pk: cursors.plan_of(hold.row) for hold in holds}
    )
    for answers in _ask_all(holds, known):
        moved += _store_all(answers, known)
    woken = lease.wake_alike(PollCursor.objects.all(), holds=holds, at=at)
    if woken or any(_is_due_again(hold) for hold in holds):
        enqueue.enqueue_by_name(TASK)
    return Round(len(holds), tuple(moved))


def _is_due_again(hold: Hold[PollCursor]) -> bool:
    """More pages are left, or an event came during the round."""
    due_at = hold.row.next_attempt_at
    return hold.is_finished and due_at is not None and due_at <= hold.now()


def _ask_all(holds: list[Hold[PollCursor]], known: Known) -> Iterator[Answers]:
    """The answers, in groups as they come: all at once when everything goes quickly."""
    grants = tokens.prepare_grants(accesses=[hold.row.access for hold in holds], scopes=DIALOGPORTEN_SCOPES)
    until = time.monotonic() + ENOUGH
    keyless = {hold: grant for hold in holds if isinstance(grant := grants[hold.row.access_id], tokens.NoKey)}
    if keyless:
        yield {hold: Answer(error=error) for hold, error in keyless.items()}
    questions = [
        (hold, _question(hold, grant, until, known))
        for hold in holds
        if not isinstance(grant := grants[hold.row.access_id], tokens.NoKey)
    ]
    for done in side_by_side(lambda pair: ask(pair[1]), questions, threads=THREADS):
        yield {hold: answer for (hold, _question_asked), answer in done}


def _question(hold: Hold[PollCursor], grant: tokens.PreparedGrant, until: float, known: Known) -> Question:
    cursor, access = hold.row, hold.row.access
    searches = _searches(access, known)
    asked = [_digest(search) for search in searches]
    if cursor.asked and cursor.asked != asked:
        cursors.begin_anew(cursor, at=hold.now())
    cursor.asked = asked
    return Question(
        gateway=dialogporten(access.environment),
        grant=grant,
        order="contentUpdatedAt" if access.profile.kind == Kind.AGENT else "updatedAt",
        searches=tuple(searches),
        new=Place(
            _of_each(cursor.tokens, searches),
            cursor.window_from or cursor.since,
            cursor.window,
            is_bounded=cursor.window_from is not None,
        ),
        again=_again(cursor, searches, at=hold.now()),
        until=until,
        now=hold.now,
    )


def _again(cursor: PollCursor, searches: list[dict[str, Any]], *, at: datetime) -> Place | None:
    since = cursors.again_from(cursor, at=at)
    if since is None:
        return None
    window = cursor.overlap_window
    return Place(_of_each(cursor.overlap_tokens, searches), since, window, is_bounded=window is not None)


def _of_each(tokens: list[str], searches: list[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(tokens[: len(searches)]) + ("",) * (len(searches) - len(tokens))


def _searches(access: Access, known: Known) -> list[dict[str, Any]]:
    """By party; an agent access has many parties, so by the resources of the services that it or a client of it covers."""
    covered = _resources(access, known)
    if covered is None:
        return [{"parties": [urns.organisation(access.customer.orgnr)]}]
    most = known.limits(access.environment).service_resources
    return [{"service_resources": covered[start : start + most]} for start in range(0, len(covered), most)]


def _digest(search: dict[str, Any]) -> str:
    """Tells searches apart: a continuation token holds for the search that it came from."""
    return f"{zlib.crc32(repr(sorted(search.items())).encode()):08x}"


def _resources(access: Access, known: Known) -> list[str] | None:
    """The resources that are asked for; None: there is no such limit."""
    if access.profile.kind != Kind.AGENT:
        return None
    return catalogue.resources_of(access, known.settings(access.environment))


def _store_all(answers: Answers, known: Known) -> list[int]:
    """Cursors without new items in one transaction, those with few in groups, each of the others in its own: few locks, held
    briefly.
    """
    if not answers:
        return []
    pressing = cursors.pressing(answers, at=max(hold.at for hold in answers))
    good = {hold: answer for hold, answer in answers.items() if answer.new}
    moved = _store({hold: answer for hold, answer in good.items() if answer.is_empty}, pressing, known)
    for group in _groups({hold: answer for hold, answer in good.items() if not answer.is_empty}):
        moved += _store_group(group, pressing, known)
    if moved:
        enqueue.enqueue_by_name(pull.TASK)
    for hold, answer in answers.items():
        with lease.reporting(hold, longest=cursors.LONGEST_WAIT):
            _note(hold, answer)
    return moved


def _groups(answers: Answers) -> Iterator[Answers]:
    """Those with few new items together; a second reading, or one with many, alone."""
    group: Answers = {}
    number = 0
    for hold, answer in answers.items():
        items = len(answer.new.items) if answer.new else 0
        if answer.again is not None or items > TOGETHER:
            yield {hold: answer}
            continue
        if number + items > TOGETHER:
            yield group
            group, number = {}, 0
        group[hold] = answer
        number += items
    if group:
        yield group


def _store_group(answers: Answers, pressing: cursors.Pressing, known: Known) -> list[int]:
    """In one transaction; when that fails, each in its own."""
    moved: list[int] = []

    def store(holds: list[Hold[PollCursor]]) -> None:
        moved.extend(_store({hold: answers[hold] for hold in holds}, pressing, known))

    lease_many.work_as_one(list(answers), store, longest=cursors.LONGEST_WAIT)
    return moved


def _store(answers: Answers, pressing: cursors.Pressing, known: Known) -> list[int]:
    """Stores dialogs and cursors in one transaction; nothing of those whose lease was lost."""
    moved: list[int] = []
    with transaction.atomic():
        results = {}
        mine = lease.lock_all(answers)
        plans = cursors.plans(hold.row for hold in mine)
        changed = copies.store_dialogs(_listings(mine, answers), at=mine[0].at) if mine else {}
        for hold in mine:
            answer, row, at = answers[hold], hold.row, hold.at
            fresh = changed.get(row.access_id, [])
            moved += fresh
            row.changed_at = at if fresh else row.changed_at
            answer.failures = row.failures + 1 if answer.error and not lease.is_held_back(answer.error) else 0
            again = cursors.after_again(row, answer.again, before=known.plans[row.pk], now=plans[row.pk], at=at)
            results[hold] = {**_success(row, answer, at, pressing), **again}
            if row.overlap_is_full and answer.again and not answer.again.has_more and row.full_began_at:
                resources = _resources(row.access, known)
                presence.note_unlisted(access=row.access, resources=resources, since=row.full_began_at, at=at)
        lease.finish_all(results)
    return moved


def _listings(mine: list[Hold[PollCursor]], answers: Answers) -> Iterator[copies.Listing]:
    for hold in mine:
        for pages in (answers[hold].again, answers[hold].new):
            if pages and pages.items:
                is_again = pages is answers[hold].again
                yield copies.Listing(hold.row.access, _own(hold.row, pages.items), again=is_again)


def _note(hold: Hold[PollCursor], answer: Answer) -> None:
    """What an answer says beside its items. Raises the answer's error, for `reporting`; the position is unchanged then.

    A token shows that the access works; MP-303 is the first sign of a removed access and decides nothing alone.
    """
    access, error = hold.row.access, answer.error
    if not answer.was_asked:
        hold.give_back()
    elif isinstance(error, tokens.AccessMissing):
        tokens.note_missing(access=access, at=hold.at, sign="token")
    elif error is None and (access.status == access.Status.APPROVED or access.missing_since):
        tokens.note_token(access=access, at=hold.at)
    if isinstance(error, Refused) and error.status == 400:
        limits.forget(access.environment)
    if _is_about_position(error) and (any(hold.row.tokens) or any(hold.row.overlap_tokens)):
        hold.finish(next_attempt_at=hold.at, tokens=[], overlap_tokens=[])
    elif answer.new and error is not None:
        if not lease.is_held_back(error):
            lease.log_problem(hold, error)
            hold.write(failures=answer.failures, problem_code=code_of(error))
        hold.is_finished = False  # nothing was mended
    elif error is not None:
        raise error


def _is_about_position(error: Exception | None) -> bool:
    """Dialogporten does not take the continuation token any more: the next round begins without one."""
    return isinstance(error, Refused) and error.code.lower() == "continuationtoken"


def _own(cursor: PollCursor, items: Iterable[DialogItem]) -> list[DialogItem]:
    """Only dialogs of the party we asked for: a search may return another party's through instance delegation."""
    if cursor.access.profile.kind == Kind.AGENT:
        return list(items)
    party = urns.organisation(cursor.access.customer.orgnr)
    return [item for item in items if item.party == party]


def _bound(place: Place, at: datetime) -> datetime | None:
    """What was too slow once is asked for from here on. Late commits are read by the second reading."""
    if not place.is_bounded:
        return None
    return place.since if place.window else max(place.since, at - SHORTEST)


def _success(row: PollCursor, answer: Answer, at: datetime, pressing: cursors.Pressing) -> dict[str, Any]:
    """The columns of the cursor after a round that succeeded."""
    new = required(answer.new, because="only what was read is stored")
    tier = cursors.tier_of(row, pressing, at=at)
    if answer.error:
        asked = getattr(answer.error, "retry_after", None)
        due_at = at + lease.waiting_time(answer.failures, asked=asked, longest=cursors.INTERVALS[PollCursor.Tier.HOT])
    elif new.has_more or cursors.is_again_due(row, at=at):
        due_at = at
    else:
        due_at = cursors.next_round(row, tier, pressing, at=at)
    tokens_read = list(new.place.tokens)
    return {
        "asked": row.asked,
        "tokens": tokens_read,
        "since": row.since if all(tokens_read) or new.place.window else max(row.since, at - cursors.OVERLAP),
        "window": new.place.window,
        "window_from": _bound(new.place, at),
        "polled_at": at,
        "changed_at": row.changed_at,
        "tier": tier,
        "next_attempt_at": due_at,
    }
