"""The heartbeat: a row for each queue that proves that beat, the broker, a worker and the database do their work together.

Beat sends a message with its send time for each queue; the worker that takes the message writes the row. When the newest row is
older than `settings.HEARTBEAT_LIMIT` seconds, at least one of the four has stopped: nothing is sent or fetched by itself. When the
row of one queue is older than QUEUE_LIMIT, no worker serves that queue. Pages, next-step texts and /readyz ask here before they
promise anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Count, F, Max, Min, QuerySet, Value
from django.db.models.functions import Least
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.core.queues import TITLES, Purpose

QUEUE_LIMIT = timedelta(minutes=7)
"""A heartbeat waits for a free process, and a task may take six minutes: until then a queue may only be busy."""


class Heartbeat(models.Model):
    """When beat last sent the message that a worker of the queue has handled (`beat_at`), and when it was handled (`worked_at`)."""

    queue = models.CharField(_("kø"), max_length=20, primary_key=True)
    beat_at = models.DateTimeField(_("sendt"))
    worked_at = models.DateTimeField(_("utført"))

    class Meta:
        verbose_name = _("livstegn")
        verbose_name_plural = _("livstegn")

    def __str__(self) -> str:
        return f"{self.queue} {self.beat_at:%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True)
class Silence:
    """Background work is not done. `since` is the last beat, None where there never was one (a new installation).

    `queues`: the only ones that stand still; empty when nothing works.
    """

    since: datetime | None
    queues: tuple[str, ...] = ()

    @property
    def names(self) -> str:
        """Of the queues, as pages show them."""
        return ", ".join(str(TITLES[Purpose(queue)]) for queue in self.queues)


def record_beat(*, beat_at: datetime, at: datetime, queues: Iterable[str] = tuple(Purpose)) -> None:
    """Write the rows. A `beat_at` after `at` (beat's clock is ahead of the worker's) counts as `at`."""
    rows = [Heartbeat(queue=str(queue), beat_at=min(beat_at, at), worked_at=at) for queue in queues]
    Heartbeat.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["queue"], update_fields=["beat_at", "worked_at"]
    )


def queue_limit() -> timedelta:
    """How long one queue alone may be silent."""
    return max(QUEUE_LIMIT, timedelta(seconds=settings.HEARTBEAT_LIMIT))


def patience() -> timedelta:
    """How much longer one queue alone may be silent than all of them."""
    return queue_limit() - timedelta(seconds=settings.HEARTBEAT_LIMIT)


def newest_beat() -> QuerySet[Any, datetime]:
    """The last `beat_at`, also as a subquery of a page's other data; none while a queue has never beaten.

    One queue alone may be silent for longer: its beat counts as that much younger.
    """
    known = Heartbeat.objects.filter(queue__in=list(Purpose)).order_by().annotate(one=Value(1)).values("one")
    beats = known.annotate(number=Count("queue"), newest=Max("beat_at"), oldest=Min("beat_at"))
    complete = beats.filter(number=len(Purpose))
    counted = complete.annotate(counted=Least("newest", F("oldest") + Value(patience())))
    return counted.order_by("counted").values_list("counted", flat=True)


def silence_since(beat_at: datetime | None, *, at: datetime) -> Silence | None:
    """None while the heart beats, by the time that `newest_beat` gives. One query, and only when it does not."""
    is_beating = beat_at is not None and at - beat_at <= timedelta(seconds=settings.HEARTBEAT_LIMIT)
    return None if is_beating else find_silence(at=at)


def find_beats() -> dict[str, datetime]:
    """The last `beat_at` of each queue that has one. One query."""
    return dict(Heartbeat.objects.filter(queue__in=list(Purpose)).values_list("queue", "beat_at"))


def find_silence(*, at: datetime) -> Silence | None:
    """None while the heart beats. One query for a handful of rows."""
    return silence_of(find_beats(), at=at)


def silence_of(beats: dict[str, datetime], *, at: datetime) -> Silence | None:
    """As `find_silence`, of what `find_beats` gave."""
    newest = max(beats.values(), default=None)
    if newest is None or at - newest > timedelta(seconds=settings.HEARTBEAT_LIMIT):
        return Silence(newest)
    silent = tuple(queue for queue in map(str, Purpose) if queue not in beats or at - beats[queue] > queue_limit())
    return Silence(min((beats[queue] for queue in silent if queue in beats), default=None), silent) if silent else None


def is_working(*, at: datetime) -> bool:
    """Whether what waits will be sent and fetched without a person. Ask once for a page, not once for a row."""
    return find_silence(at=at) is None


def silence_of_page(request: HttpRequest, *, at: datetime) -> Silence | None:
    """As `find_silence`, once for the request: the page's texts and its banner say the same.

    The newest beat was read with the person of the request: `accounts.models.people.find_with_given`.
    """
    if not hasattr(request, "_silence"):
        user: Any = getattr(request, "user", None)
        beat_at = user.beat_at if hasattr(user, "beat_at") else newest_beat().first()
        request._silence = silence_since(beat_at, at=at)  # type: ignore[attr-defined]
    silence: Silence | None = getattr(request, "_silence")  # noqa: B009 - no attribute of a request's class
    return silence


def is_working_for(request: HttpRequest, *, at: datetime) -> bool:
    """As `is_working`, once for the request."""
    return silence_of_page(request, at=at) is None
