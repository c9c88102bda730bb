"""Notes about a customer, each with its author and time."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.customer import Customer, OfCustomersQuerySet


class CustomerNote(models.Model):
    """What one person wrote. It is never changed; its author may delete it."""

    customer = models.ForeignKey(Customer, models.CASCADE, related_name="notes", verbose_name=_("kunde"))
    author = models.CharField(_("skrevet av"), max_length=200, blank=True)
    """As the audit trail names a person; "" for a note from the time when notes had no author."""
    written_at = models.DateTimeField(_("skrevet"), null=True, blank=True)
    """None for such an old note."""
    text = models.TextField(_("notat"))

    objects = OfCustomersQuerySet["CustomerNote"].as_manager()

    class Meta:
        verbose_name = _("notat")
        verbose_name_plural = _("notater")
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=~models.Q(text=""), name="note_has_text")]

    def __str__(self) -> str:
        return f"{self.customer_id}: {len(self.text)}"
