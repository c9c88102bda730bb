"""The heartbeat: one row that proves that beat, the broker, a worker and the database do their work together.

Beat sends a message with its send time; the worker that takes the message writes the row. A row that is older than
`settings.HEARTBEAT_LIMIT` seconds, or missing, means that at least one of the four has stopped: nothing is sent or
fetched by itself. Pages, next-step texts and /readyz ask here before they promise anything.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

ROW = 1
"""The primary key of the only row."""


class Heartbeat(models.Model):
    """When beat last sent the message that a worker has handled (`beat_at`), and when it was handled (`worked_at`)."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=ROW)
    beat_at = models.DateTimeField(_("sendt"))
    worked_at = models.DateTimeField(_("utført"))

    class Meta:
        verbose_name = _("livstegn")
        verbose_name_plural = _("livstegn")
        constraints = [models.CheckConstraint(condition=models.Q(id=ROW), name="heartbeat_one_row")]

    def __str__(self) -> str:
        return f"{self.beat_at:%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True)
class Silence:
    """No background work is done. `since` is the last beat, None where there never was one (a new installation)."""

    since: datetime | None


def record_beat(*, beat_at: datetime, at: datetime) -> None:
    """Write the row. A `beat_at` after `at` (beat's clock is ahead of the worker's) counts as `at`."""
    row = Heartbeat(id=ROW, beat_at=min(beat_at, at), worked_at=at)
    Heartbeat.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["id"], update_fields=["beat_at", "worked_at"]
    )


def newest_beat() -> QuerySet[Heartbeat, datetime]:
    """The last `beat_at`, also as a subquery of a page's other data."""
    return Heartbeat.objects.filter(pk=ROW).values_list("beat_at", flat=True)


def silence_since(beat_at: datetime | None, *, at: datetime) -> Silence | None:
    """None while the heart beats. `beat_at` is that of `newest_beat`, None without a row. No query."""
    is_beating = beat_at is not None and at - beat_at <= timedelta(seconds=settings.HEARTBEAT_LIMIT)
    return None if is_beating else Silence(beat_at)


def find_silence(*, at: datetime) -> Silence | None:
    """None while the heart beats. One query by primary key."""
    return silence_since(newest_beat().first(), at=at)


def is_working(*, at: datetime) -> bool:
    """Whether what waits will be sent and fetched without a person. Ask once for a page, not once for a row."""
    return find_silence(at=at) is None


def silence_of_page(
    request: HttpRequest, *, at: datetime, find_beat: Callable[[], datetime | None] | None = None
) -> Silence | None:
    """As `find_silence`, once for the request: the page's texts and its banner say the same.

    `find_beat` reads the newest beat together with other data of the page, when nobody has asked before.
    """
    if not hasattr(request, "_silence"):
        beat_at = find_beat() if find_beat else newest_beat().first()
        request._silence = silence_since(beat_at, at=at)  # type: ignore[attr-defined]
    silence: Silence | None = getattr(request, "_silence")  # noqa: B009 - no attribute of a request's class
    return silence


def is_working_for(request: HttpRequest, *, at: datetime) -> bool:
    """As `is_working`, once for the request."""
    return silence_of_page(request, at=at) is None
