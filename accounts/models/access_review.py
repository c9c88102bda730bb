"""That somebody has looked over who may see whom and do what, and what they saw."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.core.crypto import EncryptedTextField, SealedManager


class AccessReview(models.Model):
    """A sign-off. `people` is the list as it was shown, in codes: one entry for each account that was open."""

    signed_by = models.CharField(_("gått gjennom av"), max_length=200)
    signed_at = models.DateTimeField(_("gått gjennom"))
    ground = models.CharField(_("bundet til"), max_length=64, editable=False)
    people = models.JSONField(_("listen"), default=list)
    note = EncryptedTextField(_("merknad"), null=True, editable=False)

    objects = SealedManager["AccessReview"]()

    class Meta:
        verbose_name = _("gjennomgang av tilganger")
        verbose_name_plural = _("gjennomganger av tilganger")
        ordering = ["-signed_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.signed_at:%Y-%m-%d}"
