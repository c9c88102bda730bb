"""Daily for each access: what there should be, what we have, and what Altinn has are made the same.

A subscription that Altinn has lost, or no longer holds for confirmed, is asked for anew; one of ours that nobody knows is removed.
For accountants the missing ones are made here, some at a time. After an outage everything is read once: that is one search for an
access, where asking for the events that were missed would be one for each resource and client.
"""

from __future__ import annotations

import logging
import zlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from portal.core import lease
from portal.core.lease import Hold
from portal.gateways.errors import GatewayError, Refused
from portal.gateways.events import Subscription
from portal.gateways.statuses import Kind as RefusalKind
from portal.gateways.statuses import kind_of
from submissions.models import EventSubscription, SubscriptionRound
from submissions.services.inbox import cursors
from submissions.services.inbox.subscriptions import asking
from submissions.services.inbox.subscriptions.closed import POLICY
from submissions.services.inbox.subscriptions.wanted import Wanted, hashed, in_use, new_secret, wanted_of
from submissions.services.remote import events, with_token
from systemusers.models import Access, Kind

logger = logging.getLogger(__name__)
TASK = "submissions.tasks.compare_subscriptions"
BATCH = 20
DAILY, SOON = timedelta(days=1), timedelta(minutes=10)
AT_A_TIME = 100
"""So many new subscriptions of one accountant in a round; more follow after SOON."""
OUTAGE = timedelta(hours=34)
"""After so long Altinn gives an event up. Where nothing was compared for longer, we were away, and events may be lost."""


def make_rounds(*, at: datetime, everything: bool = False) -> int:
    """A round for each access in use that has none. `everything`: not only those whose state changed lately."""
    rows = in_use() if everything else cursors.recent(in_use(), at=at)
    own = SubscriptionRound.objects.filter(access=OuterRef("pk"))
    lacking = list(rows.filter(~Exists(own)).order_by("-status_at", "-pk").values_list("pk", "profile__kind")[:5000])
    SubscriptionRound.objects.bulk_create(
        [
            SubscriptionRound(
                access_id=pk, next_attempt_at=at + (SOON if kind == Kind.AGENT else DAILY * spread(pk)), compared_at=at
            )
            for pk, kind in lacking
        ],
        ignore_conflicts=True,
    )
    return len(lacking)


def spread(access_id: int) -> float:
    """0.8 to 1.2: what begins together does not stay together."""
    return 0.8 + (zlib.crc32(str(access_id).encode()) % 400) / 1000


def rounds() -> QuerySet[SubscriptionRound]:
    rows = SubscriptionRound.objects.filter(access__in=in_use())
    return rows.select_related("access__customer", "access__profile__system__client", "access__client_round")


def compare_due(*, at: datetime, limit: int = BATCH) -> int:
    """Compare for a batch of accesses. Returns how many were taken."""
    return lease.work_batch(rounds(), compare, task=TASK, at=at, limit=limit, longest=asking.RETRY)


def compare(hold: Hold[SubscriptionRound]) -> None:
    access, compared_at = hold.row.access, hold.row.compared_at
    if compared_at and hold.now() - compared_at > OUTAGE:
        cursors.read_last_days(access_id=access.pk, at=hold.now(), everything=True)
    wanted = wanted_of(access)
    left = _align(access, wanted, at=hold.now())
    stored = EventSubscription.objects.filter(access=access)
    if stored.filter(altinn_id__isnull=False).exists():
        hold.renew()
        try:
            with_token(access, asking.SCOPES, partial(_compare, hold), at=hold.now(), exchanged=True)
        except Refused as error:
            if kind_of(error) not in (RefusalKind.OURS, RefusalKind.RIGHTS):
                raise
            logger.warning("the subscriptions of access %s cannot be compared: %s", access.pk, error)
    wait = SOON if left else DAILY * spread(access.pk)
    hold.finish(next_attempt_at=hold.now() + wait, compared_at=hold.now())


def _align(access: Access, wanted: set[Wanted], *, at: datetime) -> int:
    """Our own rows: those that are not wanted end, those that lack are made. Returns how many are left to make."""
    rows = list(EventSubscription.objects.filter(access=access))
    known = {(row.client_id, row.resource): row for row in rows}
    over = [row.pk for key, row in known.items() if key not in wanted]
    asking.end(EventSubscription.objects.filter(pk__in=over), at=at)
    if access.profile.kind != Kind.AGENT:
        return 0
    closed = _closed(rows)
    lacking = sorted((key for key in wanted - known.keys() if key[1] not in closed), key=str)
    EventSubscription.objects.bulk_create(
        [
            EventSubscription(
                access=access, client_id=client, resource=resource, secret_hash=hashed(new_secret()), created_at=at,
                next_attempt_at=at,
            )
            for client, resource in lacking[:AT_A_TIME]
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    return max(0, len(lacking) - AT_A_TIME)


def _closed(rows: Iterable[EventSubscription]) -> set[str]:
    """Resources whose policy does not let a system user subscribe, as far as we can see: refused, and never confirmed."""
    rows = list(rows)
    return {row.resource for row in rows if row.problem_code == POLICY} - {
        row.resource for row in rows if row.validated_at
    }


def _compare(hold: Hold[SubscriptionRound], token: str) -> None:
    access = hold.row.access
    remotes = events(access.environment).list(token=token)
    by_hash = {asking.secret_hash_of(each): each for each in remotes}
    with transaction.atomic():
        rows = EventSubscription.objects.filter(access=access, ending_at__isnull=True)
        rows = rows.filter(lease.free(at=hold.now())).select_for_update(of=("self",)).order_by("pk")
        for row in rows:
            _mend(row, by_hash.get(row.secret_hash), at=hold.now())
    hashes = set(EventSubscription.objects.filter(access=access).values_list("secret_hash", flat=True))
    for each in remotes:
        if (own := asking.secret_hash_of(each)) and own not in hashes:
            _remove_stray(hold, each, token)


def _mend(row: EventSubscription, remote: Subscription | None, *, at: datetime) -> None:
    """Asked for again unless Altinn has it and holds it for confirmed. What waits for a confirmation has its own time."""
    if row.validated_at is None or (remote and remote.is_validated):
        return
    row.validated_at, row.next_attempt_at = None, at
    row.save(update_fields=["validated_at", "next_attempt_at"])


def _remove_stray(hold: Hold[SubscriptionRound], remote: Subscription, token: str) -> None:
    hold.renew()
    try:
        events(hold.row.access.environment).delete(remote.id, token=token)
    except GatewayError as error:
        logger.info("a subscription that nobody knows, %s, could not be removed: %s", remote.id, error)
