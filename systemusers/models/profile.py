"""What a customer is asked for, and why."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from systemusers.models.system import System


class Kind(models.TextChoices):
    STANDARD = "STANDARD", _("Egen virksomhet")
    AGENT = "AGENT", _("For klienter")


class AccessProfile(models.Model):
    """A named sub-set of a system's rights and packages: what we ask a customer for, and why, in their words."""

    system = models.ForeignKey(System, models.PROTECT, related_name="profiles", verbose_name=_("system"))
    name = models.CharField(_("navn"), max_length=100)
    kind = models.CharField(_("type"), max_length=10, choices=Kind, default=Kind.STANDARD)
    rights = models.JSONField(_("enkeltrettigheter"), default=list, blank=True)
    packages = models.JSONField(_("tilgangspakker"), default=list, blank=True)
    purpose_nb = models.TextField(_("hva vi skal gjøre, bokmål"), help_text=_("Ett punkt på hver linje."))
    purpose_nn = models.TextField(_("hva vi skal gjøre, nynorsk"), help_text=_("Ett punkt på hver linje."))
    purpose_en = models.TextField(_("hva vi skal gjøre, engelsk"), help_text=_("Ett punkt på hver linje."))

    to_mark_at = models.DateTimeField(_("tilgangene skal sammenlignes"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("tilgangsprofil")
        verbose_name_plural = _("tilgangsprofiler")
        constraints = [models.UniqueConstraint(fields=["system", "name"], name="one_profile_per_name")]

    def __str__(self) -> str:
        return self.name

    def purpose(self, language: str) -> list[str]:
        """The points of the purpose, in `language` (nb, nn or en)."""
        text: str = getattr(self, f"purpose_{language}", self.purpose_nb)
        return [line.strip() for line in text.splitlines() if line.strip()]
