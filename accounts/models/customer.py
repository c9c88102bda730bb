"""The customers, and the rows that belong to one: both are loaded through `visible_to(user)`."""

from __future__ import annotations

import string
from functools import reduce
from operator import or_
from typing import Any, Self, TypeVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Upper
from django.utils.translation import gettext_lazy as _

from accounts.models.names import PLAIN, SORT_KEYS, NamePieces, folded, pieces_of, translated
from accounts.models.people import sight_of
from accounts.models.portfolio import Portfolio
from accounts.models.tag import Tag
from accounts.models.vendor import ORGNR, Language
from portal.core.environments import Environment
from portal.core.search import bounded
from portal.gateways.enhetsregisteret import UnitJson
from portal.gateways.text import one_line

Row = TypeVar("Row", bound=models.Model)


class CustomerQuerySet(models.QuerySet["Customer"]):
    def visible_to(self, user: Any) -> CustomerQuerySet:
        sight = sight_of(user)
        if sight.is_everything:
            return self
        return self.filter(sight.of_customers()) if sight.anywhere else self.none()

    def current(self) -> CustomerQuerySet:
        """Those whose relation has not ended: something new may begin for them."""
        return self.filter(end_asked_at__isnull=True)

    def held(self, *pks: int) -> list[Customer]:
        """These, locked until the end of the transaction: meanwhile the relation to none of them ends or goes on."""
        return list(self.filter(pk__in=pks).select_for_update(of=("self",), no_key=True).order_by("pk"))

    def matching(self, text: str) -> CustomerQuerySet:
        """By number (spaces, NO and MVA are ignored), parts of the name in any order, our own reference, or the address of a contact.

        Looked up by indexes, each way by itself: joined by OR, they would be looked at for each row once more.
        """
        text = bounded(one_line(text))
        if not text:
            return self
        rows = Customer.objects.order_by().alias(pieces=NamePieces("search_name"))
        pieces = [piece for word in folded(text).split() for piece in pieces_of(word)]
        named = rows.filter(_named(text), *([Q(pieces__contains=pieces)] if pieces else []))
        ways = [rows.filter(condition) for condition in (_referred(text), _numbered(text), *_mailed(text)) if condition]
        return self.filter(pk__in=named.values("pk").union(*(way.values("pk") for way in ways)))

    def matching_each(self, text: str) -> CustomerQuerySet:
        """The same ones, where there are many: a list in another order looks at each customer that it meets, and soon has a page."""
        text = bounded(one_line(text))
        if not text:
            return self
        mailed = [Q(pk__in=Customer.objects.order_by().filter(way).values("pk")) for way in _mailed(text)]
        return self.filter(reduce(or_, mailed, _named(text) | _referred(text) | _numbered(text)))


FEWEST_DIGITS, DIGITS = 3, 9
"""Of the beginning of a number that is searched for, and of a whole one."""


def _named(text: str) -> Q:
    named = Q()
    for word in folded(text).split():
        named &= Q(search_name__contains=word)
    return named


def _referred(text: str) -> Q:
    return ~Q(reference="") & Q(reference__iexact=text)


def _numbered(text: str) -> Q:
    """The beginning of a number, as a range: an index finds it. Empty for a text without as many digits."""
    digits = "".join(c for c in text if c in string.digits)
    if not FEWEST_DIGITS <= len(digits) <= DIGITS:
        return Q()
    found = (digits.ljust(DIGITS, "0"), digits.ljust(DIGITS, "9"))
    return Q(environment__in=Environment.values, orgnr__range=found)


def _mailed(text: str) -> list[Q]:
    """A whole e-mail address: that of the main contact, or of another one. Empty for what is none."""
    if "@" not in text:
        return []
    return [~Q(contact_email="") & Q(contact_email__iexact=text), Q(contacts__email__iexact=text)]


REMARKED = (
    Q(business_register__is_deleted=True)
    | Q(business_register__is_hidden=True)
    | Q(business_register__is_bankrupt=True)
    | Q(business_register__is_closing=True)
    | Q(business_register__is_restructuring=True)
    | ~Q(business_register__main_unit="") & Q(business_register__has_key="main_unit")
)
"""Customers about whom the register says what staff should know before they ask or send: see `warnings_about`."""


class Customer(models.Model):
    """An organisation that gives us access, in one environment."""

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment)
    orgnr = models.CharField(_("organisasjonsnummer"), max_length=9, validators=[ORGNR])
    name = models.CharField(_("navn"), max_length=200)
    reference = models.CharField(_("kundenummer hos oss"), max_length=50, blank=True)
    portfolio = models.ForeignKey(
        Portfolio, models.PROTECT, null=True, blank=True, db_index=False, verbose_name=_("portefølje")
    )
    language = models.CharField(_("språk"), max_length=2, choices=Language, default=Language.NB)
    contact_name = models.CharField(_("kontaktperson"), max_length=100, blank=True)
    contact_email = models.EmailField(_("e-post"), blank=True)
    contact_phone = models.CharField(_("telefon"), max_length=30, blank=True)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("ansvarlig")
    )
    """Who follows the customer up. It does not decide who sees it: the portfolio does."""
    tags = models.ManyToManyField(Tag, blank=True, related_name="customers", verbose_name=_("merkelapper"))
    end_asked_at = models.DateTimeField(_("avsluttet"), null=True, blank=True, editable=False)
    """The relation is ending since then: nothing new begins, what is under way is followed to its end."""
    end_asked_by = models.CharField(_("avsluttet av"), max_length=200, blank=True, editable=False)
    archived_at = models.DateTimeField(_("arkivert"), null=True, blank=True, editable=False)
    """Nothing was under way any more: the customer is asked about no longer."""
    test_approver = models.CharField(_("godkjenner i test"), max_length=200, blank=True)
    """The synthetic person who approves for a synthetic organisation, with the role: the register cannot tell."""
    sort_name = models.GeneratedField(
        expression=translated(SORT_KEYS),
        output_field=models.CharField(max_length=400, db_collation="C"),
        db_persist=True,
    )
    """The name as lists order it: by the Norwegian alphabet, whatever the database's locale."""
    search_name = models.GeneratedField(
        expression=translated(PLAIN), output_field=models.CharField(max_length=400), db_persist=True
    )
    """The name as it is searched: see `folded`."""
    business_register: models.JSONField[UnitJson, UnitJson] = models.JSONField(
        _("fra Enhetsregisteret"), default=dict, blank=True
    )
    business_register_at = models.DateTimeField(_("slått opp"), null=True, blank=True)
    register_changed_at = models.DateTimeField(_("meldt endret"), null=True, blank=True, editable=False)
    """When we read in the register's update feed that the unit changed."""
    created_at = models.DateTimeField(_("opprettet"), auto_now_add=True)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        verbose_name = _("kunde")
        verbose_name_plural = _("kunder")
        ordering = ["sort_name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "orgnr"], name="one_customer_per_orgnr"),
            models.CheckConstraint(condition=Q(orgnr__regex=r"^[2389][0-9]{8}$"), name="customer_orgnr_form"),
            models.CheckConstraint(
                condition=~Q(environment="PRODUCTION") | Q(orgnr__regex=r"^[89]"), name="no_synthetic_in_production"
            ),
            models.CheckConstraint(
                condition=~Q(environment="PRODUCTION") | Q(test_approver=""), name="no_test_approver_in_production"
            ),
            models.CheckConstraint(
                condition=Q(archived_at__isnull=True) | Q(end_asked_at__isnull=False),
                name="archived_customer_was_ended",
            ),
        ]
        indexes = [
            models.Index(fields=["environment", "sort_name", "id"], name="customer_by_name"),
            models.Index(fields=["portfolio", "environment", "id"], name="customer_by_portfolio"),
            models.Index(fields=["environment", "portfolio"], condition=REMARKED, name="customer_remarked"),
            models.Index(
                fields=["environment", "assignee"], condition=Q(assignee__isnull=False), name="customer_assigned"
            ),
            models.Index(fields=["end_asked_at"], condition=Q(end_asked_at__isnull=False), name="customer_ended"),
            GinIndex(NamePieces(F("search_name")), name="customer_by_piece_of_name"),
            models.Index(Upper("reference"), condition=~Q(reference=""), name="customer_by_reference"),
            models.Index(Upper("contact_email"), condition=~Q(contact_email=""), name="customer_by_mail"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.orgnr})"

    @property
    def is_ended(self) -> bool:
        """Ending or archived: nothing new begins for it."""
        return self.end_asked_at is not None


ENDED = "ended"
"""The group of a list with what it shows only when asked for: rows of customers whose relation has ended."""


def of_ended(customer: str = "customer") -> Q:
    """Rows of customers whose relation has ended or ends. `customer` leads to it."""
    return Q(**{f"{customer}__in": Customer.objects.filter(end_asked_at__isnull=False).order_by().values("pk")})


def followed(customer: str = "customer") -> Q:
    """Rows of customers that are not archived: of others nothing is asked outside any more. `customer` leads to it."""
    return Q(**{f"{customer}__archived_at__isnull": True})


class OfCustomersQuerySet(models.QuerySet[Row]):
    """Rows that belong to a `customer`: a user sees the rows of the customers they see."""

    def visible_to(self, user: Any) -> Self:
        sight = sight_of(user)
        if sight.is_everything:
            return self
        own = Q(customer__in=Customer.objects.visible_to(user))
        if not sight.all_in:
            return self.filter(own)
        fields = {field.name for field in self.model._meta.get_fields()}
        place = "environment" if "environment" in fields else "customer__environment"
        everything = Q(**{f"{place}__in": sight.all_in})
        return self.filter(everything | own if sight.own_in else everything)

    @classmethod
    def left_out(cls) -> Q:
        """Which rows lists and counts leave out unless somebody asks for them: see `current`."""
        return of_ended() & ~cls.owed()

    @classmethod
    def owed(cls) -> Q:
        """Rows that are shown also when the relation to their customer has ended: somebody must still see them."""
        return Q(pk__in=())

    def current(self) -> Self:
        """Without rows of customers whose relation has ended, except for those that are owed."""
        return self.filter(~self.left_out())
