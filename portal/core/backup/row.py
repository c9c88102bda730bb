"""The backups that were made here: each is a row before it begins, so that one that failed is seen too."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Backup(models.Model):
    """One backup. `finished_at` None: it is being made, or did not get through. `name` is its folder, `bytes` its size."""

    began_at = models.DateTimeField(_("begynt"))
    finished_at = models.DateTimeField(_("ferdig"), null=True, blank=True)
    name = models.CharField(_("mappe"), max_length=100)
    bytes = models.PositiveBigIntegerField(_("størrelse"), default=0)
    documents = models.PositiveIntegerField(_("dokumenter"), default=0)

    class Meta:
        verbose_name = _("sikkerhetskopi")
        verbose_name_plural = _("sikkerhetskopier")
        ordering = ["-began_at"]
        indexes = [models.Index(fields=["-finished_at"], condition=Q(finished_at__isnull=False), name="backup_newest")]

    def __str__(self) -> str:
        return self.name

    @property
    def seconds(self) -> int | None:
        """How long it took."""
        return round((self.finished_at - self.began_at).total_seconds()) if self.finished_at else None


def find_newest() -> Backup | None:
    """The newest that is whole."""
    return Backup.objects.filter(finished_at__isnull=False).order_by("-finished_at").first()


def is_overdue(newest: Backup | None, *, at: datetime) -> bool:
    """Whether `newest`, as found by `find_newest`, is older than BACKUP_WITHIN_HOURS, or None.

    False where that is 0: backups are made by other means.
    """
    if not settings.BACKUP_WITHIN_HOURS:
        return False
    return newest is None or newest.began_at < at - timedelta(hours=settings.BACKUP_WITHIN_HOURS)
