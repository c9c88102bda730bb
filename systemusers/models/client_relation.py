"""The clients of an accountant: organisations that an agent system user may act for."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import models
from django.db.models import OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, Portfolio, sight_of
from portal.core.database import has_row
from portal.core.lease import Leased
from systemusers.models.access import Access


class ClientRelationQuerySet(models.QuerySet["ClientRelation"]):
    def present(self) -> ClientRelationQuerySet:
        """Those that the accountant has not taken away, as far as we can see."""
        return self.filter(gone_at__isnull=True)

    def usable(self) -> ClientRelationQuerySet:
        """Those of an accountant whose access can be used."""
        return self.present().filter(access__status__in=Access.USABLE)

    def of(self, customer: Customer) -> ClientRelationQuerySet:
        """Those of one customer, also before a sweep has tied them to it."""
        return self.of_all([customer])

    def of_all(self, customers: Collection[Customer]) -> ClientRelationQuerySet:
        """The same for several customers of one environment."""
        environments = {customer.environment for customer in customers}
        numbers = {customer.orgnr for customer in customers}
        rows = self.filter(orgnr__in=numbers, access__environment__in=environments)
        return rows.select_related("access__customer", "access__profile__system__client", "access__client_round")

    def visible_to(self, user: Any) -> ClientRelationQuerySet:
        """A client that is a customer belongs to its own portfolio, not to the accountant's. One that is none has no portfolio."""
        if sight_of(user).is_everything:
            return self
        seen = Customer.objects.visible_to(user).filter(pk=OuterRef("customer"))
        return self.filter(Q(customer__isnull=True) | has_row(seen))

    def unknown(self) -> ClientRelationQuerySet:
        """Those that are no customers of ours."""
        return self.present().filter(customer__isnull=True)

    def to_take_in(self) -> ClientRelationQuerySet:
        """Those that a worker makes customers of."""
        return self.filter(CHOSEN).select_related("access", "portfolio")


class ClientRelation(Leased):
    """One client of one accountant. `access` is the accountant's access for its clients.

    `customer` is None until the client is a customer of ours, since `customer_at`. `packages` (urns) and `resources` (ids, only
    Skatteetaten's) are what the client has given, as Altinn last said. `seen_at` None: known only from a dialog, so what it has
    given is not known. `missing_since` is the first sign that the accountant took it away, `gone_at` the second.
    `chosen_at`: a person wants it as a customer; a worker makes the customer and has the lease.
    """

    access = models.ForeignKey(
        Access, models.CASCADE, related_name="clients", verbose_name=_("regnskapsførerens tilgang")
    )
    orgnr = models.CharField(_("organisasjonsnummer"), max_length=9)
    name = models.CharField(_("navn i Altinn"), max_length=200, blank=True)
    customer = models.ForeignKey(
        Customer, models.SET_NULL, null=True, blank=True, related_name="relations", verbose_name=_("kunde")
    )
    customer_at = models.DateTimeField(_("kunde siden"), null=True, blank=True)
    packages: models.JSONField[list[str], list[str]] = models.JSONField(_("tilgangspakker"), default=list)
    resources: models.JSONField[list[str], list[str]] = models.JSONField(_("ressurser"), default=list)
    first_seen_at = models.DateTimeField(_("først sett"))
    seen_at = models.DateTimeField(_("sist sett i Altinn"), null=True, blank=True)
    missing_since = models.DateTimeField(_("ikke i listen siden"), null=True, blank=True)
    gone_at = models.DateTimeField(_("fjernet av regnskapsføreren"), null=True, blank=True)
    chosen_by = models.CharField(_("lagt til av"), max_length=200, blank=True)
    chosen_at = models.DateTimeField(_("skal legges til siden"), null=True, blank=True)
    portfolio = models.ForeignKey(
        Portfolio, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("portefølje")
    )

    objects = ClientRelationQuerySet.as_manager()

    class Meta:
        verbose_name = _("klient")
        verbose_name_plural = _("klienter")
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["access", "orgnr"], name="one_row_per_relation"),
            models.CheckConstraint(
                condition=Q(chosen_at__isnull=True) | Q(customer__isnull=False) | Q(next_attempt_at__isnull=False),
                name="chosen_client_is_due",
            ),
        ]
        indexes = [
            models.Index(fields=["access", "name", "id"], name="client_by_name"),
            models.Index(fields=["orgnr"], name="client_by_orgnr"),
            models.Index(fields=["customer"], condition=Q(customer__isnull=False), name="client_by_customer"),
            models.Index(fields=["customer_at"], condition=Q(customer_at__isnull=False), name="client_taken_in"),
            models.Index(fields=["orgnr", "access"], condition=Q(customer__isnull=True), name="client_untied"),
            models.Index(fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="client_due"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.orgnr})"

    @property
    def is_known(self) -> bool:
        """Altinn has told what the client has given."""
        return self.seen_at is not None

    def lacks(self, packages: list[str]) -> list[str]:
        """Those of `packages` that the client has not given."""
        return [urn for urn in packages if urn not in self.packages]


CHOSEN = Q(chosen_at__isnull=False, customer__isnull=True, gone_at__isnull=True)


class ClientRound(Leased):
    """When the clients of an accountant are read from Altinn next. One row for each access for clients.

    `read_at`: when Altinn last gave the list; `clients`: how many were in it. `packages` and `resources` are all that any of
    them has given, and `widened_at` is when there was more than before.
    """

    access = models.OneToOneField(Access, models.CASCADE, related_name="client_round", verbose_name=_("tilgang"))
    read_at = models.DateTimeField(_("sist lest"), null=True, blank=True)
    clients = models.PositiveIntegerField(_("klienter"), default=0)
    packages: models.JSONField[list[str], list[str]] = models.JSONField(_("tilgangspakker"), default=list)
    resources: models.JSONField[list[str], list[str]] = models.JSONField(_("ressurser"), default=list)
    widened_at = models.DateTimeField(_("flere rettigheter siden"), null=True, blank=True)

    class Meta:
        verbose_name = _("lesing av klienter")
        verbose_name_plural = _("lesinger av klienter")
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="client_round_due"
            ),
            models.Index(fields=["failures"], condition=~Q(problem_code=""), name="client_round_problem"),
        ]

    def __str__(self) -> str:
        return str(self.access)


def reached_through_an_accountant() -> Q:
    """For querysets of customers: somebody's access for clients reaches the customer."""
    return has_row(ClientRelation.objects.usable().filter(customer=OuterRef("pk")))
