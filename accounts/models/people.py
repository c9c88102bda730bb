"""The vendor's staff with their roles, and who sees every customer."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from accounts.models.portfolio import Portfolio
from accounts.models.vendor import Language
from portal.core.audit import record
from portal.core.audit_changes import changes
from portal.core.audit_events import AuditType


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
    """A member of the vendor's staff, known by e-mail. `is_staff` opens Django admin (the operator).

    `former_emails` are addresses that the person has had: the trail knows the acts of that time by them. They are nobody else's.
    """

    email = models.EmailField(_("e-post"), unique=True)
    former_emails = ArrayField(
        models.EmailField(), verbose_name=_("tidligere e-post"), default=list, db_default=[], editable=False
    )
    name = models.CharField(_("navn"), max_length=100)
    role = models.CharField(_("rolle"), max_length=20, choices=Role, default=Role.READER)
    portfolios = models.ManyToManyField(Portfolio, verbose_name=_("porteføljer"), blank=True, related_name="staff")
    language = models.CharField(_("språk"), max_length=2, choices=Language, default=Language.NB)
    compact_lists = models.BooleanField(_("tette lister"), default=False, db_default=False)
    is_active = models.BooleanField(_("aktiv"), default=True)
    is_staff = models.BooleanField(_("driftstilgang"), default=False)
    seen_at = models.DateTimeField(_("sist på en side"), null=True, blank=True, editable=False)
    previous_seen_at = models.DateTimeField(_("forrige besøk sluttet"), null=True, blank=True, editable=False)
    """The last page of the visit before this one. A visit ends when no page was opened for a while."""
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
    def actors(self) -> list[str]:
        """All names of this user in the audit trail, also those of earlier addresses."""
        return [self.actor, *(f"user:{email}" for email in self.former_emails)]

    @property
    def first_name(self) -> str:
        return (self.name.split() or [self.email])[0]

    @cached_property
    def named_portfolios(self) -> list[tuple[int, str]]:
        """Ids and names of the user's portfolios, by name."""
        return list(self.portfolios.order_by("name").values_list("pk", "name"))

    @property
    def portfolio_ids(self) -> list[int]:
        """Read once: with literal ids PostgreSQL estimates row counts well."""
        return [pk for pk, _name in self.named_portfolios]

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
