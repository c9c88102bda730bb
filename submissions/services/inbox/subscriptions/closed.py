"""Resources whose policy lets nobody subscribe: learnt from a few refusals, so that not every access is refused anew.

A refusal does not say whether the policy or the rights of one access are the reason. So it takes the refusals of several customers'
accesses, with nobody let through and nothing confirmed, and one is asked again each PROBE. Where we are wrong, events come later:
polling goes on.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from portal.gateways import urns
from portal.gateways.errors import Refused
from submissions.models import EventSubscription, RefusedResource

SEVERAL = 3
"""Customers who are refused before others are taken to be. All clients of an accountant are one: they share its system user."""
PROBE = timedelta(days=3)
POLICY = "HTTP-403"
"""The problem of a subscription that the policy of its resource, or the rights of its access, do not allow."""
logger = logging.getLogger(__name__)


def is_open(row: EventSubscription, *, at: datetime) -> bool:
    """Whether to ask for it. Of a closed resource one is asked for each PROBE: who asks here, asks now."""
    closed = _of(row).filter(closed_at__isnull=False)
    return not closed.exists() or bool(closed.filter(asked_at__lte=at - PROBE).update(asked_at=at))


def note_refused(row: EventSubscription, error: Refused, *, at: datetime) -> None:
    """Altinn names the resource that it refuses; another refusal says nothing of it. One warning for a resource, when it is closed."""
    if error.status != 403 or error.code or row.resource.removeprefix(urns.RESOURCE) not in error.text:
        logger.warning("subscription %s was refused: %s", row.pk, error)
        return
    logger.info("subscription %s was refused: %s", row.pk, error)
    with transaction.atomic():
        known, _is_new = RefusedResource.objects.select_for_update().get_or_create(
            environment=row.access.environment, resource=row.resource, defaults={"asked_at": at, "refused": []}
        )
        known.asked_at = at
        if row.access.customer_id not in known.refused and known.closed_at is None:
            known.refused = [*known.refused, row.access.customer_id]
        if len(known.refused) >= SEVERAL and known.closed_at is None:
            _close(known, at=at)
        known.save()


def _close(known: RefusedResource, *, at: datetime) -> None:
    """Unless Altinn has confirmed one of it: then the rights of the others are the reason, and they are counted anew."""
    confirmed = EventSubscription.objects.filter(
        access__environment=known.environment, resource=known.resource, validated_at__isnull=False
    )
    if confirmed.exists():
        known.refused = []
        return
    known.closed_at = at
    logger.warning(
        "nobody may subscribe to %s in %s: %s customers were refused. One is asked for each %s days; polling goes on",
        known.resource, known.environment, len(known.refused), PROBE.days,
    )  # fmt: skip


def note_allowed(row: EventSubscription, *, at: datetime) -> None:
    """Somebody was let through: the others are asked for again."""
    known = _of(row).first()
    if known is None:
        return
    known.delete()
    if known.closed_at:
        waiting = EventSubscription.objects.filter(
            access__environment=row.access.environment, resource=row.resource, problem_code=POLICY,
            validated_at__isnull=True, ending_at__isnull=True,
        )  # fmt: skip
        waiting.exclude(pk=row.pk).update(next_attempt_at=at)


def _of(row: EventSubscription) -> QuerySet[RefusedResource]:
    return RefusedResource.objects.filter(environment=row.access.environment, resource=row.resource)
