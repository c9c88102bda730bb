"""A file with customers that a person wants to take in, and the verdict on each of its rows."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.capabilities import Capability
from accounts.models.customer import Customer
from accounts.models.people import User, overseen
from accounts.models.portfolio import Portfolio
from portal.core.crypto import EncryptedField, EncryptedTextField, SealedManager
from portal.core.environments import Environment
from portal.core.lease import Leased
from portal.core.states import StatusModel
from portal.gateways.enhetsregisteret import UnitJson


class CustomerImportQuerySet(models.QuerySet["CustomerImport"]):
    def visible_to(self, user: Any) -> Self:
        """One's own; an administrator who sees all customers sees all. A file may name customers that others do not see."""
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        own = Q(owner=user, environment__in=user.where(Capability.SEE))
        return self.filter(own | Q(environment__in=overseen(user)))


class CustomerImport(StatusModel, Leased):
    """Due while its rows are to be judged or stored, or what they made is to be undone.

    `columns` has one field for each column (services.imports.columns.Columns.fields), `headings` what the file calls them.
    `extra` are the verdicts that are taken in although they are remarked (CustomerImportRow.OPTIONAL). `portfolio` is that of new
    customers whose row names none. `ordered_by`: rows are stored, and taken back, with that person's rights and name.
    """

    class Status(models.TextChoices):
        CHECKING = "CHECKING", _("Kontrolleres")
        PREVIEW = "PREVIEW", _("Klar til å ses over")
        STORING = "STORING", _("Importeres")
        DONE = "DONE", _("Importert")
        UNDOING = "UNDOING", _("Angres")
        UNDONE = "UNDONE", _("Angret")

    TRANSITIONS: ClassVar[dict[str, set[str]]] = {
        "CHECKING": {"PREVIEW"},
        "PREVIEW": {"CHECKING", "STORING"},
        "STORING": {"DONE"},
        "DONE": {"UNDOING"},
        "UNDOING": {"UNDONE"},
        "UNDONE": set(),
    }
    MOVING = ("CHECKING", "STORING", "UNDOING")

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    owner = models.ForeignKey(User, models.CASCADE, related_name="customer_imports", verbose_name=_("lastet opp av"))
    status = models.CharField(_("status"), max_length=10, choices=Status, default=Status.CHECKING)
    status_at = models.DateTimeField(_("status siden"))
    created_at = models.DateTimeField(_("opprettet"))
    touched_at = models.DateTimeField(_("sist brukt"))
    filename = EncryptedTextField(_("filnavn"), editable=False)
    content = EncryptedField(_("fil"), editable=False)
    sheet = models.CharField(_("ark"), max_length=100, blank=True)
    headings = models.JSONField(_("overskrifter"), default=list)
    columns = models.JSONField(_("kolonner"), default=list)
    total = models.PositiveIntegerField(_("rader"), default=0)
    looks_up = models.BooleanField(_("slår opp i Enhetsregisteret"), default=True)
    is_judged = models.BooleanField(_("radene er kontrollert"), default=False)
    extra = models.JSONField(_("tas med likevel"), default=list)
    portfolio = models.ForeignKey(
        Portfolio, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("portefølje")
    )
    ordered_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("bestilt av")
    )

    objects = SealedManager.from_queryset(CustomerImportQuerySet)()

    class Meta:
        verbose_name = _("import av kunder")
        verbose_name_plural = _("importer av kunder")
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="customer_import_due"
            ),
            models.Index(fields=["environment", "owner", "-created_at"], name="customer_import_by_owner"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    @property
    def is_moving(self) -> bool:
        return self.status in self.MOVING

    def stored(self) -> models.QuerySet[CustomerImportRow]:
        """The rows whose customers it made, changed or met, in the order of the file."""
        of = CustomerImportRow
        rows = self.rows.filter(customer__isnull=False, verdict__in=[*of.TAKEN, *of.OPTIONAL, of.Verdict.KNOWN])
        return rows.exclude(state__in=[of.State.LEFT, of.State.UNDONE]).order_by("number")


class CustomerImportRow(models.Model):
    """One row of the file. `orgnr` "" when the number cannot be used; then `shown` is what stands there, without identity numbers.

    `values`: what the row says, by column of Customer; blank cells are left out. `code`: the field or the row that the verdict is about.
    `old`: what a known customer had (verdict CHANGED). `unit`: the register's answer. `state`: what a worker did with the row.
    `customer`: the row that was made or changed.
    """

    class Verdict(models.TextChoices):
        WAITING = "WAITING", _("Slås opp")
        NEW = "NEW", _("Ny")
        CHANGED = "CHANGED", _("Endres")
        KNOWN = "KNOWN", _("Som før")
        INVALID = "INVALID", _("Ugyldig nummer")
        IDENTITY = "IDENTITY", _("Fødselsnummer")
        SYNTHETIC = "SYNTHETIC", _("Syntetisk nummer")
        REAL = "REAL", _("Ekte nummer")
        TWICE = "TWICE", _("Dobbel")
        SUB_UNIT = "SUB_UNIT", _("Underenhet")
        BANKRUPT = "BANKRUPT", _("Konkurs")
        DELETED = "DELETED", _("Slettet")
        UNLISTED = "UNLISTED", _("Ikke i registeret")
        PORTFOLIO = "PORTFOLIO", _("Ukjent portefølje")
        NOT_YOURS = "NOT_YOURS", _("Ikke din portefølje")
        VALUE = "VALUE", _("Ugyldig verdi")
        MEANWHILE = "MEANWHILE", _("Endret imens")

    class State(models.TextChoices):
        LEFT = "LEFT", _("Ikke tatt inn")
        MADE = "MADE", _("Lagt til")
        WRITTEN = "WRITTEN", _("Endret")
        UNDONE = "UNDONE", _("Angret")
        KEPT = "KEPT", _("Beholdt")

    TAKEN = ("NEW", "CHANGED")
    OPTIONAL = ("SUB_UNIT", "BANKRUPT", "DELETED", "UNLISTED")
    """Taken in only when a person says so."""

    customer_import = models.ForeignKey(
        CustomerImport, models.CASCADE, related_name="rows", verbose_name=_("import av kunder")
    )
    number = models.PositiveIntegerField(_("rad"))
    orgnr = models.CharField(_("organisasjonsnummer"), max_length=9, blank=True)
    shown = models.CharField(_("nummer i filen"), max_length=40, blank=True)
    verdict = models.CharField(_("dom"), max_length=10, choices=Verdict)
    code = models.CharField(_("kode"), max_length=30, blank=True)
    values = models.JSONField(_("verdier"), default=dict)
    old = models.JSONField(_("verdier fra før"), default=dict)
    unit: models.JSONField[UnitJson, UnitJson] = models.JSONField(_("fra Enhetsregisteret"), default=dict)
    state = models.CharField(_("resultat"), max_length=7, choices=State, blank=True)
    customer = models.ForeignKey(
        Customer, models.SET_NULL, null=True, related_name="import_rows", verbose_name=_("kunde")
    )

    class Meta:
        verbose_name = _("rad i import")
        verbose_name_plural = _("rader i importer")
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["customer_import", "number"], name="one_row_per_number_of_an_import")
        ]
        indexes = [models.Index(fields=["customer_import", "verdict", "number"], name="import_row_by_verdict")]

    def __str__(self) -> str:
        return f"{self.number}"
