"""The row of one deletion: first what will be done, then how far it has come."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class PurgeRun(models.Model):
    """A deletion by one rule, planned before it begins and kept afterwards.

    `before`: rows done with before that moment. None: those of one customer (`customer_id_ref`), of any age. `planned`: the rows that
    were counted when it was planned; `done`: those emptied so far. `problem_code`: of the last try, "" when it went well.
    """

    kind = models.CharField(_("hva"), max_length=40)
    before = models.DateTimeField(_("eldre enn"), null=True, blank=True)
    customer_id_ref = models.BigIntegerField(_("kunde"), null=True, blank=True)  # no foreign key, as in the audit trail
    ordered_by = models.CharField(_("bestilt av"), max_length=200)
    planned = models.PositiveBigIntegerField(_("planlagt"))
    planned_at = models.DateTimeField(_("planlagt"))
    begins_at = models.DateTimeField(_("begynner"))
    done = models.PositiveBigIntegerField(_("utført"), default=0)
    finished_at = models.DateTimeField(_("ferdig"), null=True, blank=True)
    problem_code = models.CharField(_("feilkode"), max_length=50, blank=True)

    class Meta:
        verbose_name = _("sletting")
        verbose_name_plural = _("slettinger")
        ordering = ["-planned_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "customer_id_ref"], condition=Q(finished_at__isnull=True), name="one_open_purge",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(before__isnull=False, customer_id_ref__isnull=True)
                | Q(before__isnull=True, customer_id_ref__isnull=False),
                name="purge_is_by_age_or_of_a_customer",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["begins_at"], condition=Q(finished_at__isnull=True), name="purge_open")]

    def __str__(self) -> str:
        return f"{self.kind} {self.planned_at:%Y-%m-%d}"

    @property
    def is_open(self) -> bool:
        return self.finished_at is None
