"""The next call of many submissions at once: tokens, files and calls in threads, intent and answers in few statements.

No transaction is open and no row is locked while something outside is asked. All of a group are stored as STARTED before the
first of its calls is made. A call that may not be repeated makes a group of its own: a worker that dies leaves one such call
in doubt at most.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import Count, Max, Q, prefetch_related_objects

from portal.core import lease, lease_many
from portal.core.lease import Hold
from portal.core.required import required
from portal.core.side_by_side import side_by_side
from portal.core.states import LostRace
from portal.gateways.errors import Refused, Unavailable
from portal.gateways.statuses import Kind, kind_of
from submissions.adapters.base import Answer, Candidate, Context
from submissions.models import Call, Submission
from submissions.services import remote
from submissions.services.sending import calls, claim
from submissions.services.ways import adapter_of
from systemusers.services import tokens

THREADS = 2
"""Of one worker. More share the few calls that Skatteetaten takes at once of one API, and cost more than they gain."""
SOON = 60.0
"""Seconds: what is not begun so long after the intent was stored is left for the next round: the leases hold for the others."""
FRESH = 15.0
"""Seconds: an older token is asked for again."""
MOST_BYTES = 32 * 2**20
"""Of files in memory at once, but for one that is larger alone."""


class NotBegun(Unavailable):
    """The others of the group took so long that the call was not made. Nothing left us."""


@dataclass(eq=False)
class Walk:
    """One worker's round with one submission, and its next call. `is_new`: no call of it was ever made.

    `has_moved`: a call of this round succeeded. `wants_fresh`: the token was refused, and the call is made once more.
    `answer` or `error` is what became of the last thing that was asked for. `brought`: the call that brought the receipt.
    """

    hold: Hold[Submission]
    counts: calls.Counts
    remote_ids: dict[str, str]
    is_new: bool
    source: tokens.TokenSource | None = None
    has_moved: bool = False
    wants_fresh: bool = False
    call: Call | None = None
    listed: list[Candidate] = field(default_factory=list)
    context: Context | None = None
    prepared_at: float = 0.0
    answer: Answer | None = None
    error: Exception | None = None
    goes_on: bool = False
    brought: Call | None = None

    def went_well(self) -> None:
        """The call is DONE: the next one may follow."""
        call, answer = required(self.call, because="it was made"), required(self.answer, because="it was answered")
        self.goes_on, self.wants_fresh = True, False
        self.brought = call if answer.receipt else self.brought
        if answer.remote_id:
            self.remote_ids[call.step] = answer.remote_id

    def token(self, scopes: tuple[str, ...], *, fresh: bool = False) -> str:
        return self._source().token(scopes, at=self.hold.now(), fresh=fresh)

    def token_for_call(self, *, fresh: bool = False) -> str:
        """The token that the next call is made with."""
        row, call = self.hold.row, required(self.call, because="it is to be made")
        exchanged = remote.is_in_altinn(row, call.step)
        return self._source().token(remote.scopes(row), at=self.hold.now(), fresh=fresh, exchanged=exchanged)

    def _source(self) -> tokens.TokenSource:
        return required(self.source, because="nothing is queued without an access")


def begin(holds: Sequence[Hold[Submission]]) -> tuple[list[Walk], list[Hold[Submission]]]:
    """Walks, and the holds of those whose worker stopped while it made a call."""
    rows = [hold.row for hold in holds]
    prefetch_related_objects([row for row in rows if row.answers_id], "answers")  # threads have no database
    planned = Call.objects.filter(submission__in=[row.pk for row in rows]).order_by()
    begun = Count("pk", filter=Q(status=Call.Status.STARTED))
    steps = planned.values_list("submission_id", "step").annotate(n=Count("pk"), made=Max("attempts"), begun=begun)
    counts: defaultdict[int, dict[str, int]] = defaultdict(dict)
    tried, doubtful = set(), set()
    for pk, step, number, attempts, under_way in steps:
        counts[pk][step] = number
        tried |= {pk} if attempts else set()
        doubtful |= {pk} if under_way else set()
    sources = tokens.token_sources(row.access for row in rows if row.access)
    walks = [
        Walk(
            hold,
            counts[hold.row.pk],
            calls.remote_ids_of(hold.row) if hold.row.pk in tried else {},
            is_new=hold.row.pk not in tried,
            source=sources.get(hold.row.access_id or 0),
        )
        for hold in holds
        if hold.row.pk not in doubtful
    ]
    return walks, [hold for hold in holds if hold.row.pk in doubtful]


def load_next(walks: Sequence[Walk]) -> None:
    """The first call of each that is not done; None when all are."""
    left = Call.objects.filter(submission__in=[walk.hold.row.pk for walk in walks]).exclude(status=Call.Status.DONE)
    found = {call.submission_id: call for call in left.order_by("submission_id", "ordinal").distinct("submission_id")}
    prefetch_related_objects(list(found.values()), "document")
    for walk in walks:
        walk.call = found.get(walk.hold.row.pk)


def ask(walks: Sequence[Walk], work: Callable[[Walk], None]) -> Iterator[list[Walk]]:
    """`work` in threads; errors are kept with the walk. The database learns what the tokens showed."""
    for walk in walks:
        walk.error = walk.answer = None
        walk.goes_on = False
    for done in side_by_side(partial(_caught, work), walks, threads=THREADS):
        if not (group := [walk for walk, _nothing in done]):
            continue  # the leases of all were lost
        sources = {id(walk.source): walk.source for walk in group if walk.source}
        tokens.note_all(list(sources.values()), at=group[0].hold.now())
        yield group


def _caught(work: Callable[[Walk], None], walk: Walk) -> None:
    try:
        work(walk)
    except SoftTimeLimitExceeded:
        raise
    except Exception as error:
        walk.error = error


def make_next(walks: Sequence[Walk], *, by: str) -> Iterator[list[Walk]]:
    """Make the next calls. Gives the walks with an answer or an error as they come.

    Without a token or a readable document the call and the submission are unchanged. The calls are STARTED, and the
    submissions SENDING, before the first byte is sent. Errors are the gateways', DocumentDamaged, claim.Busy and LostRace.
    """
    for group in _groups(walks):
        prepared = [walk for answered in ask(group, _prepare) for walk in answered]
        _start([walk for walk in prepared if not walk.error], by=by)
        yield [walk for walk in prepared if walk.error]
        if started := [walk for walk in prepared if not walk.error]:
            yield from ask(started, _perform)
        for walk in group:
            walk.context = None  # the file


def _groups(walks: Sequence[Walk]) -> Iterator[list[Walk]]:
    """Each with what may be repeated, up to MOST_BYTES of files; or with one call."""
    together: list[Walk] = []
    size = 0
    for walk in walks:
        call = required(walk.call, because="only walks with a call are made")
        if not call.may_repeat:
            yield [walk]
            continue
        more = call.document.size if call.document else 0
        if together and size + more > MOST_BYTES:
            yield together
            together, size = [], 0
        together, size = [*together, walk], size + more
    if together:
        yield together


def _prepare(walk: Walk) -> None:
    """The token and the file; runs in a thread."""
    row, call = walk.hold.row, required(walk.call, because="only walks with a call are made")
    walk.prepared_at = time.monotonic()
    token = walk.token_for_call(fresh=walk.wants_fresh)
    body = calls.body_of(call)
    walk.context = calls.context(row, call, token=token, body=body, counts=walk.counts, remote_ids=walk.remote_ids)


def _start(walks: Sequence[Walk], *, by: str) -> None:
    """Store the intent, all in one transaction. Those that may not begin have an error then."""
    planned = {walk: walk.call for walk in walks if walk.call}
    with transaction.atomic():
        rooms = claim.lock_rooms([walk.hold for walk in planned])
        mine = set(lease.lock_all(walk.hold for walk in planned))
        unmade = calls.lock_unmade(planned.values())
        for walk, call in planned.items():
            walk.error = _obstacle(walk, call, is_mine=walk.hold in mine and call.pk in unmade, rooms=rooms)
        ready = {walk: call for walk, call in planned.items() if not walk.error}
        if ready:
            claim.set_out([walk.hold for walk in ready], by=by)
            calls.start_all(list(ready.values()), at=next(iter(ready)).hold.now())


def _obstacle(walk: Walk, call: Call, *, is_mine: bool, rooms: dict[int, int]) -> Exception | None:
    """Takes a room when there is no obstacle."""
    row = walk.hold.row
    if not is_mine:
        return LostRace(f"submission {row.pk} or its call {call.pk} is another worker's now")
    if row.status == Submission.Status.QUEUED:
        if rooms[row.customer_id] <= 0:
            return claim.Busy(f"customer {row.customer_id} has {claim.AT_ONCE} on their way")
        rooms[row.customer_id] -= 1
    return None


def _perform(walk: Walk) -> None:
    """The call alone; runs in a thread."""
    call, prepared = required(walk.call, because="it was prepared"), required(walk.context, because="it was prepared")
    begun = time.monotonic()
    if begun - walk.prepared_at > SOON:
        raise NotBegun("its turn did not come")
    context = _with_valid_token(walk, prepared) if begun - walk.prepared_at > FRESH else prepared
    begun = time.monotonic()
    try:
        walk.answer = adapter_of(walk.hold.row).perform(calls.step_of(call), context)
    finally:
        call.milliseconds = round((time.monotonic() - begun) * 1000)


def _with_valid_token(walk: Walk, context: Context) -> Context:
    try:
        return replace(context, token=walk.token_for_call())
    except Exception as error:
        raise NotBegun("the token ran out, and there is no new one") from error


def is_token_refused(walk: Walk) -> bool:
    """The first refusal of the token in this call: the work was not looked at."""
    has_begun = walk.call is not None and walk.call.status == Call.Status.STARTED
    is_refused = isinstance(walk.error, Refused) and kind_of(walk.error) == Kind.TOKEN
    return has_begun and is_refused and not walk.wants_fresh


def lease_again(walks: Sequence[Walk]) -> list[Walk]:
    """Those that are still ours."""
    mine = set(lease_many.renew_all(walk.hold for walk in walks))
    return [walk for walk in walks if walk.hold in mine]


def make_one(hold: Hold[Submission], call: Call, *, by: str) -> Answer:
    """Make this call of one submission; once more, with a fresh token, when the token is refused. Raises as `make_next`."""
    walks, _doubtful = begin([hold])
    if not walks:
        raise LostRace(f"call {call.pk} is being made by another worker")
    walk = walks[0]
    walk.call = call
    for _turn in range(2):
        for _group in make_next([walk], by=by):
            pass
        if not is_token_refused(walk):
            break
        calls.put_back(call, required(walk.error, because="it is the refusal"))
        walk.wants_fresh = True
    if walk.error:
        raise walk.error
    return required(walk.answer, because="there is an answer or an error")
