"""What one polling thread does for one access: a token, then the pages of its searches. No database work.

A search that takes Dialogporten too long (422) is asked again for a shorter time, window by window, until all is read.
Standard users search by party in order of updatedAt, agent users by service resource in order of contentUpdatedAt,
always ascending from a stored continuation token: https://docs.altinn.studio/dialogporten/
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from portal.gateways.dialogporten import DialogItem, Dialogporten
from portal.gateways.errors import Refused
from submissions.services.remote import call_with
from systemusers.services import tokens

PAGE = 1000
MOST_PAGES = 20
"""Pages per round; the next round is due at once when more are left."""
TOO_SLOW = 422
FIRST_WINDOW, SHORTEST, LONGEST = timedelta(days=30), timedelta(hours=1), timedelta(days=365)
"""The windows of a reading that was too slow in one: where they begin, and how short and long they may become."""
QUICK = 5.0
"""Seconds: after a window that was read so quickly, the next one is twice as long."""


@dataclass(frozen=True)
class Place:
    """How far a reading has come: continuation tokens of its searches, else `since`. `window`: None reads to the end at once.

    `is_bounded`: nothing before `since` is left, and Dialogporten is told so beside the tokens, as it was too slow before.
    """

    tokens: tuple[str, ...]
    since: datetime
    window: timedelta | None = None
    is_bounded: bool = False

    def end(self, now: datetime) -> datetime | None:
        """Of the window that is read now; None: there is no end."""
        end = self.since + self.window if self.window else None
        return end if end and end < now else None

    def narrower(self, now: datetime) -> Place | None:
        """The same place with a shorter window; None when it cannot be shorter."""
        shorter = self.window / 2 if self.window else min(FIRST_WINDOW, (now - self.since) / 2)
        return replace(self, window=shorter, is_bounded=True) if shorter >= SHORTEST else None

    def next_window(self, end: datetime, *, was_quick: bool) -> Place:
        window = self.window or FIRST_WINDOW
        return replace(self, since=end, window=min(window * 2, LONGEST) if was_quick else window)


@dataclass(frozen=True)
class Question:
    """The input of one polling thread; no ORM objects. `until` is a time of the monotonic clock, `now` reads the time.

    `searches` are the filters of one search each: Dialogporten takes a limited number of resources in one. `again`: where a
    second reading of what was read before begins or goes on, None when none is due.
    """

    gateway: Dialogporten
    grant: tokens.PreparedGrant
    order: str
    searches: tuple[dict[str, Any], ...]
    new: Place
    again: Place | None
    until: float
    now: Callable[[], datetime]


@dataclass
class Pages:
    """What one reading gave: items in order, how far it came, and whether more is left."""

    place: Place
    items: list[DialogItem] = field(default_factory=list)
    has_more: bool = True


@dataclass
class Answer:
    """The result of one poll: the new pages, those of the second reading, and the error if there was one.

    `new` None: nothing was read. `was_asked` is False when the batch ended before its turn. What was read before an error is
    stored.
    """

    new: Pages | None = None
    again: Pages | None = None
    was_asked: bool = True
    failures: int = 0
    error: Exception | None = None

    @property
    def is_empty(self) -> bool:
        return self.again is None and (self.new is None or not self.new.items)


def ask(question: Question) -> Answer:
    """Runs in a thread: a token, then pages until there are no more. Any error is an answer too: others go on."""
    answer = Answer()
    if time.monotonic() > question.until:
        return Answer(was_asked=False)
    obtain = partial(tokens.fetch_token, question.grant, at=question.now())
    try:
        call_with(obtain, partial(_read, question, answer))
    except Exception as error:
        answer.error = error
        answer.new, answer.again = _kept(answer.new, question.new), _kept(answer.again, question.again)
    return answer


def _kept(pages: Pages | None, began: Place | None) -> Pages | None:
    """What was read before an error."""
    is_some = pages is not None and (pages.place != began or not pages.has_more)
    return pages if is_some else None


def _read(question: Question, answer: Answer, token: str) -> None:
    answer.new = Pages(question.new)
    read_pages(question, answer.new, token)
    if question.again:
        answer.again = Pages(question.again)
        read_pages(question, answer.again, token)


def read_pages(question: Question, pages: Pages, token: str) -> None:
    """Window by window, for as long as there is time. What is read stays on `pages` when an error is raised."""
    while pages.has_more:
        end, began = pages.place.end(question.now()), time.monotonic()
        try:
            if _read_window(question, pages, end, token):
                return
        except Refused as error:
            narrower = pages.place.narrower(question.now()) if error.status == TOO_SLOW else None
            if narrower is None:
                raise
            pages.place = narrower
        else:
            pages.has_more = end is not None
            was_quick = time.monotonic() - began < QUICK
            pages.place = (
                pages.place.next_window(end, was_quick=was_quick) if end else replace(pages.place, window=None)
            )
        if time.monotonic() > question.until:
            return


def _read_window(question: Question, pages: Pages, end: datetime | None, token: str) -> bool:
    """To the end of the window with each search. Whether more pages are left in it."""
    has_more = False
    name = "content_updated" if question.order == "contentUpdatedAt" else "updated"
    before: dict[str, Any] = {f"{name}_before": end} if end else {}
    for number, search in enumerate(question.searches):
        for _page in range(MOST_PAGES):
            previous = pages.place.tokens[number]
            is_open = previous and not pages.place.is_bounded
            after: dict[str, Any] = {} if is_open else {f"{name}_after": pages.place.since}
            page = question.gateway.search(
                token=token,
                order_by=f"{question.order}_asc",
                limit=PAGE,
                continuation_token=previous or None,
                **search,
                **after,
                **before,
            )
            pages.items += page.items
            read = list(pages.place.tokens)
            read[number] = page.continuation_token or previous
            pages.place = replace(pages.place, tokens=tuple(read))
            if not page.has_next_page or time.monotonic() > question.until:
                break
        has_more |= page.has_next_page
    return has_more
