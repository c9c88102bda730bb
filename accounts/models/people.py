"""The vendor's staff: what each was given, and which customers they see."""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import Any, ClassVar

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, Subquery
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.capabilities import Capability, Charge, Role, enabled, role_may, roles_with
from accounts.models.grant import Grant, InstallationGrant, Substitution
from accounts.models.portfolio import Portfolio
from accounts.models.vendor import Language
from portal.core.audit import record
from portal.core.audit_changes import changes
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.core.heartbeat import newest_beat, patience
from portal.core.prepared import DAY, NUMBER, Prepared


class UserManager(BaseUserManager["User"]):
    def who_may(self, capability: Capability, environment: str) -> models.QuerySet[User]:
        """Those whose role in the environment has the capability."""
        roles = roles_with(capability, environment)
        given = Grant.objects.filter(user=OuterRef("pk"), environment=environment, role__in=roles)
        return self.filter(Exists(given), is_active=True)

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """What `manage.py createsuperuser` calls: an administrator everywhere, with every charge. It has no other place
        where the new account can be recorded."""
        by, at = "task:createsuperuser", timezone.now()
        with transaction.atomic(using=self._db):
            user = self.create_user(email, password, **fields)
            for environment in Environment:
                Grant.objects.create(
                    user=user, environment=environment, role=Role.ADMINISTRATOR, sees_all_customers=True,
                    given_by=by, given_at=at,
                )  # fmt: skip
            for charge in Charge:
                InstallationGrant.objects.create(user=user, charge=charge, given_by=by, given_at=at)
            new = {"email": user.email, "name": user.name, **user.given.as_values()}
            record(by=by, at=at, target=user, what=AuditType.ADDED, changes=changes(old={}, new=new))
        return user


@dataclass(frozen=True)
class Given:
    """All that one person was given. `roles` are by environment; `sees_all` are the environments with every customer.

    `portfolios` are ids and names, also those of colleagues for whom the person is a substitute now: `stands_in_for`.
    `has_factor`: the person logs in with more than a password.
    """

    roles: dict[str, str] = field(default_factory=dict)
    sees_all: frozenset[str] = frozenset()
    charges: frozenset[str] = frozenset()
    portfolios: tuple[tuple[int, str], ...] = ()
    stands_in_for: tuple[int, ...] = ()
    has_factor: bool = False

    def as_values(self) -> dict[str, Any]:
        """Roles and charges as the audit trail names them."""
        roles = {f"role {name}": role for name, role in sorted(self.roles.items())}
        return {**roles, "sees_all_customers": sorted(self.sees_all), "charges": sorted(self.charges)}


COLUMNS = ("given_grants", "given_charges", "given_portfolios", "given_absent", "given_factor")


def _columns(today: date) -> dict[str, ArraySubquery | Exists]:
    """Beside a user: all that they were given."""
    me = OuterRef("pk")
    mine = OuterRef(OuterRef("pk"))
    shared = Q(user__absences__begins__lte=today, user__absences__ends__gte=today, user__absences__substitute=mine)
    through = User.portfolios.through.objects.filter(Q(user=mine) | shared, portfolio=OuterRef("pk"))
    grant = JSONObject(environment="environment", role="role", sees_all="sees_all_customers")
    columns = (
        Grant.objects.filter(user=me).values(each=grant),
        InstallationGrant.objects.filter(user=me).values("charge"),
        Portfolio.objects.filter(Exists(through)).order_by("name").values(each=JSONObject(pk="pk", name="name")),
        Substitution.objects.filter(substitute=me).current(today).values("absent"),
    )
    factors = Authenticator.objects.filter(user=me).exclude(type=Authenticator.Type.RECOVERY_CODES)
    return {**dict(zip(COLUMNS, map(ArraySubquery, columns), strict=False)), COLUMNS[-1]: Exists(factors)}


def _given_of(row: dict[str, Any]) -> Given:
    grants = row["given_grants"]
    return Given(
        roles={each["environment"]: each["role"] for each in grants},
        sees_all=frozenset(each["environment"] for each in grants if each["sees_all"]),
        charges=frozenset(row["given_charges"]),
        portfolios=tuple((each["pk"], each["name"]) for each in row["given_portfolios"]),
        stands_in_for=tuple(row["given_absent"]),
        has_factor=row["given_factor"],
    )


def find_given(pk: int) -> Given:
    """One query."""
    row = User.objects.filter(pk=pk).annotate(**_columns(timezone.localdate())).values(*COLUMNS).first()
    return _given_of(row) if row else Given()


@cache
def _with_given(_patience: timedelta) -> Prepared[User]:
    rows = User.objects.filter(pk=NUMBER).annotate(**_columns(DAY), beat_at=Subquery(newest_beat()))
    return Prepared(rows, pk=NUMBER, today=DAY)


def find_with_given(pk: int) -> User | None:
    """The person of a request, with all that they were given, and `beat_at` as of `newest_beat`. One query."""
    user = next(iter(_with_given(patience()).of(pk=pk, today=timezone.localdate())), None)
    if user is not None:
        user.given = _given_of({name: user.__dict__.pop(name) for name in COLUMNS})
    return user


class User(AbstractBaseUser):
    """A member of the vendor's staff, known by e-mail.

    What they may do follows from `given`, in the environment that they work in (`within`); outside of one they may do nothing.
    `former_emails` are addresses that the person has had: the trail knows the acts of that time by them. They are nobody else's.
    """

    email = models.EmailField(_("e-post"), unique=True)
    former_emails = ArrayField(
        models.EmailField(), verbose_name=_("tidligere e-post"), default=list, db_default=[], editable=False
    )
    name = models.CharField(_("navn"), max_length=100)
    portfolios = models.ManyToManyField(Portfolio, verbose_name=_("porteføljer"), blank=True, related_name="staff")
    language = models.CharField(_("språk"), max_length=2, choices=Language, default=Language.NB)
    compact_lists = models.BooleanField(_("tette lister"), default=False, db_default=False)
    is_active = models.BooleanField(_("aktiv"), default=True)
    invited_at = models.DateTimeField(_("invitert"), null=True, blank=True, editable=False)
    """Set until the person has chosen a password by the link in the newest invitation."""
    left_at = models.DateTimeField(_("sluttet"), null=True, blank=True, editable=False)
    seen_at = models.DateTimeField(_("sist på en side"), null=True, blank=True, editable=False)
    previous_seen_at = models.DateTimeField(_("forrige besøk sluttet"), null=True, blank=True, editable=False)
    """The last page of the visit before this one. A visit ends when no page was opened for a while."""
    is_demonstration = models.BooleanField(_("demonstrasjon"), default=False, db_default=False, editable=False)
    """Made by portal.local.demo, with a password that is printed: portal.core.demonstration."""
    date_joined = models.DateTimeField(_("opprettet"), auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    objects = UserManager()
    working_in: Environment | None = None
    AUDIT_LABELS: ClassVar = {
        **{
            f"role {each.value}": format_lazy(_("rolle i {environment}"), environment=each.label)
            for each in Environment
        },
        "role": _("rolle"),
        "is_staff": _("driftstilgang"),
        "sees_all_customers": _("ser alle kunder"),
        "charges": _("ansvar for installasjonen"),
        "substitute": _("vikar"),
    }
    AUDIT_VALUES: ClassVar = dict([*Role.choices, *Charge.choices, *Environment.choices])
    """Names of what is recorded of a person beside the columns (see `Given.as_values`), and of columns that earlier releases had."""

    class Meta:
        verbose_name = _("ansatt")
        verbose_name_plural = _("ansatte")

    def __str__(self) -> str:
        return self.name or self.email

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        self.__dict__.pop("given", None)
        super().refresh_from_db(*args, **kwargs)

    @property
    def actor(self) -> str:
        """The name of this user in the audit trail."""
        return f"user:{self.email}"

    @property
    def standing(self) -> list[Any]:
        """Who the person is and all that they were given, as plain values: others when any of it changes."""
        given = self.given
        seen = [given.portfolios, given.stands_in_for, given.has_factor]
        return [self.pk, self.actors, self.is_active, str(self.working_in), given.as_values(), *seen]

    @property
    def actors(self) -> list[str]:
        """All names of this user in the audit trail, also those of earlier addresses."""
        return [self.actor, *(f"user:{email}" for email in self.former_emails)]

    @property
    def first_name(self) -> str:
        return (self.name.split() or [self.email])[0]

    @cached_property
    def given(self) -> Given:
        """Read once, for all that is asked about this user."""
        return find_given(self.pk) if self.pk else Given()

    def within(self, environment: Environment | str) -> User:
        """This person at work in one environment. Of a person in a request, the guard has said it already."""
        if self.working_in == environment:
            return self
        self.given  # noqa: B018 - read once for both
        there = copy.copy(self)
        there.working_in = Environment(environment)
        return there

    def within_any(self) -> User:
        """This person wherever they have a role, for what does not stand in one environment."""
        if self.working_in is None:
            return self
        self.given  # noqa: B018 - read once for both
        anywhere = copy.copy(self)
        anywhere.working_in = None
        return anywhere

    def may(self, capability: Capability, environment: str) -> bool:
        role = self.given.roles.get(environment)
        return self.is_active and role is not None and role_may(role, capability, environment)

    def where(self, capability: Capability) -> list[str]:
        """The enabled environments in which the person may; only the one they work in, when that is said."""
        places = enabled() if self.working_in is None else [self.working_in]
        return [place.value for place in places if self.may(capability, place)]

    @property
    def role(self) -> str:
        """In the environment that the person works in; "" for none."""
        return self.given.roles.get(self.working_in or "", "")

    @property
    def role_text(self) -> str:
        return str(Role(self.role).label) if self.role else ""

    @property
    def environments(self) -> list[Environment]:
        """Those in which the person has a role."""
        return [environment for environment in enabled() if environment in self.given.roles]

    def _may_here(self, capability: Capability) -> bool:
        return self.working_in is not None and self.may(capability, self.working_in)

    @property
    def may_see(self) -> bool:
        """May see customers: those of their portfolios, or all."""
        return self._may_here(Capability.SEE)

    @property
    def may_work(self) -> bool:
        """May ask for access and send reports for the customers they see."""
        return self._may_here(Capability.WORK)

    @property
    def may_configure(self) -> bool:
        """May register systems and manage keys."""
        return self._may_here(Capability.CONFIGURE)

    @property
    def is_administrator(self) -> bool:
        return self._may_here(Capability.ADMINISTER)

    @property
    def keeps_integrations(self) -> bool:
        """May say which of the vendor's own systems use the API, and for what."""
        return self._may_here(Capability.INTEGRATE)

    @property
    def sees_all_customers(self) -> bool:
        return self.may_see and self.working_in in self.given.sees_all

    @property
    def named_portfolios(self) -> list[tuple[int, str]]:
        """Ids and names of the portfolios that the person sees, by name."""
        return list(self.given.portfolios)

    @property
    def portfolio_ids(self) -> list[int]:
        """Literal ids: with them PostgreSQL estimates row counts well."""
        return [pk for pk, _name in self.given.portfolios]

    def has_charge(self, charge: Charge) -> bool:
        return self.is_active and charge in self.given.charges

    @property
    def keeps_people(self) -> bool:
        return self.has_charge(Charge.PEOPLE)

    @property
    def keeps_vendor(self) -> bool:
        return self.has_charge(Charge.VENDOR)

    @property
    def keeps_mails(self) -> bool:
        return self.has_charge(Charge.MAILS)

    @property
    def operates(self) -> bool:
        return self.has_charge(Charge.OPERATION)

    @property
    def keeps_data(self) -> bool:
        return self.has_charge(Charge.KEPT)

    @property
    def is_staff(self) -> bool:
        """Django admin asks for it by this name."""
        return self.has_charge(Charge.STORED)

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Asked by Django admin: to look, and to mend for those who operate the portal. Its acts go through services."""
        return self.is_staff and (self.operates or perm.rpartition(".")[2].startswith("view_"))

    def has_perms(self, perm_list: Iterable[str], obj: Any = None) -> bool:
        return all(self.has_perm(perm) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_staff


@dataclass(frozen=True)
class Sight:
    """Of whose customers somebody sees rows. `all_in`: environments with every customer; `own_in`: with those of `portfolios`."""

    all_in: list[str]
    own_in: list[str]
    portfolios: list[int]
    is_everything: bool = False

    @property
    def anywhere(self) -> list[str]:
        return [*self.all_in, *self.own_in]

    @property
    def is_nothing(self) -> bool:
        return not self.all_in and not (self.own_in and self.portfolios)

    def of_customers(self) -> Q:
        """The condition on Customer."""
        own = Q(environment__in=self.own_in, portfolio__in=self.portfolios)
        return Q(environment__in=self.all_in) | own if self.all_in else own


NOTHING = Sight([], [], [])


def overseen(user: User) -> list[str]:
    """Environments that the person administers, and sees every customer of: there they see what belongs to colleagues, too."""
    return [place for place in user.where(Capability.ADMINISTER) if place in user.given.sees_all]


def sight_of(user: Any) -> Sight:
    """Nothing for anonymous and inactive users."""
    if not isinstance(user, User) and not getattr(user, "is_authenticated", False):
        return NOTHING
    places = user.where(Capability.SEE)
    all_in = [place for place in places if place in user.given.sees_all]
    is_everything = all(place in user.given.sees_all and user.may(Capability.SEE, place) for place in enabled())
    return Sight(all_in, [place for place in places if place not in all_in], user.portfolio_ids, is_everything)
