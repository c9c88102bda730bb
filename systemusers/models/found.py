"""System users that Altinn lists for a system of ours and that no access here stands for."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.core.lease import LASTING, Leased
from systemusers.models.access import Access
from systemusers.models.profile import AccessProfile, Kind
from systemusers.models.system import System

WAITING = Q(chosen_at__isnull=True, ignored_at__isnull=True, gone_at__isnull=True, access__isnull=True)
CHOSEN = Q(chosen_at__isnull=False, gone_at__isnull=True, access__isnull=True)


class FoundSystemUserQuerySet(models.QuerySet["FoundSystemUser"]):
    def waiting(self) -> FoundSystemUserQuerySet:
        """Those about which a person decides."""
        return self.filter(WAITING)

    def to_take_over(self) -> FoundSystemUserQuerySet:
        """Those that a worker makes accesses of."""
        return self.filter(CHOSEN).select_related("system", "profile")

    def stuck(self) -> FoundSystemUserQuerySet:
        return self.filter(CHOSEN & LASTING)


class FoundSystemUser(Leased):
    """One system user in Altinn's list. Its state is told by its dates: waiting for a person until one of them is set.

    `chosen_at`: a person, or the system's setting, wants it; a worker makes the customer and the access. `ignored_at`: a person
    does not want it. `gone_at`: Altinn no longer lists it. `access`: taken over.
    """

    system = models.ForeignKey(System, models.CASCADE, related_name="found", verbose_name=_("system"))
    altinn_id = models.UUIDField(_("id i Altinn"))
    orgnr = models.CharField(_("organisasjonsnummer"), max_length=20)
    external_ref = models.CharField(_("ekstern referanse"), max_length=500)
    kind = models.CharField(_("type"), max_length=10, choices=Kind)
    title = models.CharField(_("navn i Altinn"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("opprettet i Altinn"), null=True, blank=True)
    found_at = models.DateTimeField(_("funnet"))
    profile = models.ForeignKey(AccessProfile, models.PROTECT, null=True, blank=True, verbose_name=_("profil"))
    chosen_by = models.CharField(_("valgt av"), max_length=200, blank=True)
    chosen_at = models.DateTimeField(_("valgt"), null=True, blank=True)
    ignored_at = models.DateTimeField(_("skal ikke følges"), null=True, blank=True)
    gone_at = models.DateTimeField(_("borte i Altinn"), null=True, blank=True)
    access = models.OneToOneField(
        Access, models.SET_NULL, null=True, blank=True, related_name="found", verbose_name=_("tilgang")
    )

    objects = FoundSystemUserQuerySet.as_manager()

    class Meta:
        verbose_name = _("systembruker funnet i Altinn")
        verbose_name_plural = _("systembrukere funnet i Altinn")
        ordering = ["orgnr", "external_ref", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["system", "altinn_id"], name="one_row_per_found_system_user"),
            models.CheckConstraint(
                condition=Q(chosen_at__isnull=True)
                | Q(access__isnull=False)
                | Q(gone_at__isnull=False)
                | Q(next_attempt_at__isnull=False),
                name="chosen_system_user_is_due",
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="found_due"),
            models.Index(
                fields=["system", "orgnr", "external_ref", "id"],
                condition=WAITING,
                name="found_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.orgnr} ({self.external_ref})"


class RightsCheck(Leased):
    """When Altinn is asked next what the system user of an access may do. `checked_at`: when it last answered."""

    access = models.OneToOneField(Access, models.CASCADE, related_name="rights_check", verbose_name=_("tilgang"))
    checked_at = models.DateTimeField(_("sist svart"), null=True, blank=True)

    class Meta:
        verbose_name = _("kontroll av rettigheter")
        verbose_name_plural = _("kontroller av rettigheter")
        indexes = [
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="rights_due")
        ]

    def __str__(self) -> str:
        return str(self.access)
