"""An act that one person proposes and another one approves, where the vendor has decided that it takes two."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.capabilities import Capability, Charge
from portal.core.crypto import EncryptedTextField, SealedManager
from portal.core.environments import Environment
from portal.core.states import StatusModel


class Rule(models.TextChoices):
    """What TWO_PERSONS names: each switches the rule on for some kinds of act."""

    KEYS = "keys", _("Nøkler")
    SYSTEMS = "systems", _("Systemregisteret")
    ASKING = "asking", _("Spørre mange kunder")
    ROLES = "roles", _("Roller og ansvar")


class Proposal(StatusModel):
    """What will happen, as it was shown to whoever proposed it, and what became of it.

    `target` is the row that the act is about, `params` what the act needs beside it: ids and codes. `ground` is of exactly what was
    shown; while the same act is shown with another one, it cannot be approved. `shown` is what the first person saw, in their
    language. `environment` is "" for what holds for the installation.
    """

    class Kind(models.TextChoices):
        KEY_USED = "KEY_USED", _("Ta en nøkkel i bruk")
        KEY_RETIRED = "KEY_RETIRED", _("Ta en nøkkel ut av bruk")
        SYSTEM_UPDATED = "SYSTEM_UPDATED", _("Skrive til systemregisteret i Altinn")
        SYSTEM_DELETED = "SYSTEM_DELETED", _("Slette et system i Altinn")
        CUSTOMERS_ASKED = "CUSTOMERS_ASKED", _("Spørre mange kunder")
        RIGHTS_GIVEN = "RIGHTS_GIVEN", _("Gi roller og ansvar")
        SUBSTITUTE_NAMED = "SUBSTITUTE_NAMED", _("Sette inn en vikar")

    class Status(models.TextChoices):
        OPEN = "OPEN", _("Venter på en annen")
        APPROVED = "APPROVED", _("Godkjent, blir gjort")
        DONE = "DONE", _("Godkjent og gjort")
        REFUSED = "REFUSED", _("Ikke godkjent")
        WITHDRAWN = "WITHDRAWN", _("Trukket")
        VOID = "VOID", _("Falt bort: noe var endret")
        EXPIRED = "EXPIRED", _("Gikk ut uten svar")

    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        Status.OPEN: {Status.APPROVED, Status.REFUSED, Status.WITHDRAWN, Status.VOID, Status.EXPIRED},
        Status.APPROVED: {Status.DONE, Status.OPEN, Status.VOID},
        Status.DONE: set(),
        Status.REFUSED: set(),
        Status.WITHDRAWN: set(),
        Status.VOID: set(),
        Status.EXPIRED: set(),
    }
    STANDING = (Status.OPEN, Status.APPROVED)
    kind = models.CharField(_("handling"), max_length=20, choices=Kind)
    environment = models.CharField(_("miljø"), max_length=10, choices=Environment, blank=True)
    target = models.CharField(_("gjelder"), max_length=100)
    about = models.CharField(_("navn"), max_length=200)
    params = models.JSONField(_("valg"), default=dict)
    ground = models.CharField(_("bundet til"), max_length=64, editable=False)
    shown = models.JSONField(_("slik det ble vist"), default=dict)
    status = models.CharField(_("tilstand"), max_length=10, choices=Status, default=Status.OPEN)
    status_at = models.DateTimeField(_("tilstand siden"))
    proposed_by = models.CharField(_("foreslått av"), max_length=200)
    proposed_at = models.DateTimeField(_("foreslått"))
    expires_at = models.DateTimeField(_("går ut"))
    answered_by = models.CharField(_("besvart av"), max_length=200, blank=True)
    reason = EncryptedTextField(_("begrunnelse"), null=True, editable=False)  # only of a refusal
    problem_code = models.CharField(_("problem"), max_length=100, blank=True)

    objects = SealedManager["Proposal"]()

    class Meta:
        verbose_name = _("forslag til en annen")
        verbose_name_plural = _("forslag til en annen")
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "target"], condition=Q(status__in=["OPEN", "APPROVED"]), name="one_standing_proposal"
            ),
            models.CheckConstraint(condition=~Q(answered_by=F("proposed_by")), name="proposal_by_a_second_person"),
        ]
        indexes = [models.Index(fields=["status", "-status_at"], name="proposal_by_status")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.about}"

    @property
    def target_pk(self) -> int:
        return int(self.target.rpartition(":")[2])

    def is_for(self, user: Any) -> bool:
        """Whether the person may do such a thing themselves, in the environment of the proposal."""
        needs = NEEDS[self.Kind(self.kind)]
        if isinstance(needs, Charge):
            return bool(user.has_charge(needs))
        return bool(user.may(needs, self.environment))


_K = Proposal.Kind
RULES: dict[str, Rule] = {
    _K.KEY_USED: Rule.KEYS,
    _K.KEY_RETIRED: Rule.KEYS,
    _K.SYSTEM_UPDATED: Rule.SYSTEMS,
    _K.SYSTEM_DELETED: Rule.SYSTEMS,
    _K.CUSTOMERS_ASKED: Rule.ASKING,
    _K.RIGHTS_GIVEN: Rule.ROLES,
    _K.SUBSTITUTE_NAMED: Rule.ROLES,
}
"""Under which rule each kind of act is."""
NEEDS: dict[Proposal.Kind, Capability | Charge] = {
    _K.KEY_USED: Capability.CONFIGURE,
    _K.KEY_RETIRED: Capability.CONFIGURE,
    _K.SYSTEM_UPDATED: Capability.CONFIGURE,
    _K.SYSTEM_DELETED: Capability.CONFIGURE,
    _K.CUSTOMERS_ASKED: Capability.WORK,
    _K.RIGHTS_GIVEN: Charge.PEOPLE,
    _K.SUBSTITUTE_NAMED: Charge.PEOPLE,
}
"""What both persons need."""
