"""The vendor, its staff with roles and portfolios, and the customers.

Rows are loaded through `visible_to(user)`: a case worker sees the customers of their own portfolios, the rest see all.
"""

from __future__ import annotations

import unicodedata
from typing import Any, Self, TypeVar

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Lower, Replace
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from portal.core.audit import record
from portal.core.audit_changes import changes
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.core.lease import Leased
from portal.core.search import bounded
from portal.gateways.enhetsregisteret import UnitJson
from portal.gateways.text import one_line

ORGNR = RegexValidator(r"^[2389]\d{8}$", _("Et organisasjonsnummer har ni sifre og begynner på 2, 3, 8 eller 9."))


class Language(models.TextChoices):
    NB = "nb", "Bokmål"
    NN = "nn", "Nynorsk"
    EN = "en", "English"


class Vendor(models.Model):
    """The company that runs this portal, as customers see it on our pages. One row."""

    name = models.CharField(_("navn"), max_length=200)
    orgnr = models.CharField(_("organisasjonsnummer"), max_length=9, validators=[ORGNR])
    logo = models.FileField(_("logo"), upload_to="logo/", blank=True)
    support_email = models.EmailField(_("e-post for hjelp"), blank=True)
    support_phone = models.CharField(_("telefon for hjelp"), max_length=30, blank=True)
    tells_opened = models.BooleanField(_("si fra til Skatteetaten når noen hos oss åpner et svar"), default=False)

    class Meta:
        verbose_name = _("leverandør")
        verbose_name_plural = _("leverandør")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_vendor")]

    def __str__(self) -> str:
        return self.name


class Portfolio(models.Model):
    """A group of customers assigned to some case workers."""

    name = models.CharField(_("navn"), max_length=100, unique=True)

    class Meta:
        verbose_name = _("portefølje")
        verbose_name_plural = _("porteføljer")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """What `manage.py createsuperuser` calls; it has no other place where the new account can be recorded."""
        rights = {"role": Role.ADMINISTRATOR, "is_staff": True, "is_superuser": True}
        with transaction.atomic(using=self._db):
            user = self.create_user(email, password, **rights, **fields)
            edits = changes(old={}, new={"email": user.email, "name": user.name, **rights})
            record(by="task:createsuperuser", at=timezone.now(), target=user, what=AuditType.ADDED, changes=edits)
        return user


class Role(models.TextChoices):
    ADMINISTRATOR = "ADMINISTRATOR", _("Administrator")
    CASE_WORKER = "CASE_WORKER", _("Saksbehandler")
    DEVELOPER = "DEVELOPER", _("Utvikler")
    READER = "READER", _("Lesetilgang")


class User(AbstractBaseUser, PermissionsMixin):
    """A member of the vendor's staff, known by e-mail. `is_staff` opens Django admin (the operator)."""

    email = models.EmailField(_("e-post"), unique=True)
    name = models.CharField(_("navn"), max_length=100)
    role = models.CharField(_("rolle"), max_length=20, choices=Role, default=Role.READER)
    portfolios = models.ManyToManyField(Portfolio, verbose_name=_("porteføljer"), blank=True, related_name="staff")
    language = models.CharField(_("språk"), max_length=2, choices=Language, default=Language.NB)
    is_active = models.BooleanField(_("aktiv"), default=True)
    is_staff = models.BooleanField(_("driftstilgang"), default=False)
    date_joined = models.DateTimeField(_("opprettet"), auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = UserManager()

    class Meta:
        verbose_name = _("ansatt")
        verbose_name_plural = _("ansatte")

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def actor(self) -> str:
        """The name of this user in the audit trail."""
        return f"user:{self.email}"

    @property
    def first_name(self) -> str:
        return (self.name.split() or [self.email])[0]

    @cached_property
    def portfolio_ids(self) -> list[int]:
        """Ids of the user's portfolios, cached: with literal ids PostgreSQL estimates row counts well."""
        return list(self.portfolios.values_list("pk", flat=True))

    @property
    def sees_all_customers(self) -> bool:
        return self.role != Role.CASE_WORKER

    @property
    def is_administrator(self) -> bool:
        return self.role == Role.ADMINISTRATOR

    @property
    def may_work(self) -> bool:
        """May ask for access and send reports for the customers they see."""
        return self.role in (Role.ADMINISTRATOR, Role.CASE_WORKER)

    @property
    def may_configure(self) -> bool:
        """May register systems and manage keys."""
        return self.role in (Role.ADMINISTRATOR, Role.DEVELOPER)


def sees_all(user: Any) -> bool:
    """Whether this user sees the rows of every customer; False for anonymous and inactive users."""
    return bool(getattr(user, "is_authenticated", False) and user.is_active and user.sees_all_customers)


class CustomerQuerySet(models.QuerySet["Customer"]):
    def visible_to(self, user: Any) -> CustomerQuerySet:
        if sees_all(user):
            return self
        if not getattr(user, "is_authenticated", False) or not user.is_active:
            return self.none()
        return self.filter(portfolio__in=user.portfolio_ids)

    def matching(self, text: str) -> CustomerQuerySet:
        """By number (spaces, NO and MVA are ignored), by parts of the name in any order, or by our own reference."""
        text = bounded(one_line(text))
        if not text:
            return self
        named = Q()
        for word in folded(text).split():
            named &= Q(search_name__contains=word)
        condition = named | Q(reference__iexact=text)
        digits = "".join(c for c in text if c.isdigit())
        return self.filter(condition | Q(orgnr__startswith=digits) if len(digits) >= 3 else condition)


_FOREIGN = "".join(map(chr, [*range(0xC0, 0xD7), *range(0xD8, 0xF7), *range(0xF8, 0x180)]))
_LETTERS = "".join(letter for letter in _FOREIGN if letter != "ß")
"""The letters of the Latin alphabets of Europe beyond a to z, in both cases: PostgreSQL may leave their case alone."""
_OTHER = str.maketrans("æøœðđþłħŧıĸŋ", "aooddtlhtikn")
_ORDER = str.maketrans("æøåäöü", "{|}{|y")
"""{ | } sort after z, so that byte order is the order of the Norwegian alphabet."""


def _bare(letter: str) -> str:
    """Without its marks: what is typed without a Norwegian keyboard."""
    return unicodedata.normalize("NFD", letter.lower())[0].translate(_OTHER)[0]


def _order(letter: str) -> str:
    """The sort key of a letter."""
    low = letter.lower()
    return low.translate(_ORDER) if ord(low[0]) in _ORDER else _bare(letter)


_PLAIN = "".join(map(_bare, _LETTERS))
_SORT_KEYS = "".join(map(_order, _LETTERS))


def folded(text: str) -> str:
    """Lower case, with plain letters: how names are searched, so that `bjorkelund` finds Bjørkelund."""
    return one_line(text).lower().replace("ß", "ss").translate(str.maketrans(_LETTERS, _PLAIN))


def _translated(replacements: str) -> Func:
    """The same in SQL. Names are stored cleaned; `normalize` (NFC) is for those that are not."""
    name = Replace(Lower(Func(F("name"), function="normalize")), Value("ß"), Value("ss"))
    return Func(name, Value(_LETTERS), Value(replacements), function="translate")


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
    portfolio = models.ForeignKey(Portfolio, models.PROTECT, null=True, blank=True, verbose_name=_("portefølje"))
    language = models.CharField(_("språk"), max_length=2, choices=Language, default=Language.NB)
    contact_name = models.CharField(_("kontaktperson"), max_length=100, blank=True)
    contact_email = models.EmailField(_("e-post"), blank=True)
    contact_phone = models.CharField(_("telefon"), max_length=30, blank=True)
    notes = models.TextField(_("notater"), blank=True)
    test_approver = models.CharField(_("godkjenner i test"), max_length=200, blank=True)
    """The synthetic person who approves for a synthetic organisation, with the role: the register cannot tell."""
    sort_name = models.GeneratedField(
        expression=_translated(_SORT_KEYS),
        output_field=models.CharField(max_length=400, db_collation="C"),
        db_persist=True,
    )
    """The name as lists order it: by the Norwegian alphabet, whatever the database's locale."""
    search_name = models.GeneratedField(
        expression=_translated(_PLAIN), output_field=models.CharField(max_length=400), db_persist=True
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
        ]
        indexes = [
            models.Index(fields=["environment", "sort_name", "id"], name="customer_by_name"),
            models.Index(fields=["environment", "portfolio"], condition=REMARKED, name="customer_remarked"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.orgnr})"


Row = TypeVar("Row", bound=models.Model)


class RegisterRound(Leased):
    """When the customers of one environment are next looked up in the business register. One row for each environment.

    `read_main` and `read_sub`: the last id that was read of the register's two update feeds. `feeds_read_at`: when both were
    last read to their ends.
    """

    environment = models.CharField(_("miljø"), max_length=10, choices=Environment, unique=True)
    read_main = models.BigIntegerField(_("lest oppdatering av enheter"), null=True, blank=True)
    read_sub = models.BigIntegerField(_("lest oppdatering av underenheter"), null=True, blank=True)
    feeds_read_at = models.DateTimeField(_("oppdateringer lest til enden"), null=True, blank=True)

    class Meta:
        verbose_name = _("runde mot Enhetsregisteret")
        verbose_name_plural = _("runder mot Enhetsregisteret")
        indexes = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="register_round_due"
            )
        ]

    def __str__(self) -> str:
        return self.environment


class OfCustomersQuerySet(models.QuerySet[Row]):
    """Rows that belong to a `customer`: a user sees the rows of the customers they see."""

    def visible_to(self, user: Any) -> Self:
        return self if sees_all(user) else self.filter(customer__in=Customer.objects.visible_to(user))
