"""Filters of lists that a person has given a name."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from portal.core.environments import Environment


class SavedView(models.Model):
    """A list with its search, filters and order, as one user named it. `path` is the list's address, `query` what follows `?`."""

    user = models.ForeignKey(User, models.CASCADE, related_name="saved_views", verbose_name=_("ansatt"))
    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    path = models.CharField(_("adresse"), max_length=200)
    name = models.CharField(_("navn"), max_length=60)
    query = models.CharField(_("søk"), max_length=2000, blank=True)

    class Meta:
        verbose_name = _("lagret visning")
        verbose_name_plural = _("lagrede visninger")
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["user", "path", "name"], name="one_saved_view_per_name")]

    def __str__(self) -> str:
        return self.name

    @property
    def url(self) -> str:
        return f"{self.path}?{self.query}"
