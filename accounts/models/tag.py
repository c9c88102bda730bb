"""Tags: words that the vendor's staff give to customers, to find them together. A customer has any number of them."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class Tag(models.Model):
    """A word of the vendor's own. Capital and small letters make no difference."""

    name = models.CharField(_("navn"), max_length=40)

    class Meta:
        verbose_name = _("merkelapp")
        verbose_name_plural = _("merkelapper")
        ordering = ["name"]
        constraints = [models.UniqueConstraint(Lower("name"), name="one_tag_per_name")]

    def __str__(self) -> str:
        return self.name
