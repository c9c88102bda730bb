"""The clients of one accountant as pages show them: which state each is in, what is next, and who must do it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from django.db.models import Count, Exists, OuterRef, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import Customer, User
from portal.core.filters import Group
from portal.core.next_step import NextStep
from portal.core.search import bounded
from portal.explain import explain
from portal.gateways import urns
from systemusers.models import Access, ClientRelation, ClientRelationQuerySet

READY, LACKING, UNSURE, GONE = "ready", "lacking", "unsure", "gone"
LABELS = {READY: lazy("Klar"), LACKING: lazy("Mangler pakke"), UNSURE: lazy("Usikker"), GONE: lazy("Fjernet")}
COLOURS = {READY: "success", LACKING: "warning", UNSURE: "neutral", GONE: "danger"}


def groups(access: Access) -> list[Group]:
    """The groups of the list's filter. Together the first four are all clients."""
    has_all = Q(packages__contains=access.packages)
    sure = Q(gone_at__isnull=True, missing_since__isnull=True, seen_at__isnull=False)
    return [
        Group(READY, lazy("Klare"), sure & has_all),
        Group(LACKING, LABELS[LACKING], sure & ~has_all),
        Group(
            UNSURE, lazy("Usikre"), Q(gone_at__isnull=True) & (Q(missing_since__isnull=False) | Q(seen_at__isnull=True))
        ),
        Group(GONE, lazy("Fjernet"), Q(gone_at__isnull=False)),
        Group("strangers", lazy("Ikke kunder hos dere"), Q(gone_at__isnull=True, customer__isnull=True)),
    ]


def state_of(relation: ClientRelation, access: Access) -> str:
    if relation.gone_at:
        return GONE
    if relation.missing_since or not relation.is_known:
        return UNSURE
    return LACKING if relation.lacks(access.packages) else READY


def find_clients(*, access: Access, user: User, text: str = "") -> ClientRelationQuerySet:
    """Clients of the access that `user` may see, by name or number."""
    rows = ClientRelation.objects.filter(access=access).visible_to(user).select_related("customer")
    text = bounded(text)
    if not text:
        return rows
    digits = "".join(character for character in text if character.isdigit())
    named = Customer.objects.filter(environment=access.environment).matching(text).values("pk")
    condition = Q(name__icontains=text) | Q(customer__in=named)
    return rows.filter(condition | Q(orgnr__startswith=digits) if len(digits) >= 3 else condition)


def summary(
    *, access: Access, rows: ClientRelationQuerySet, also: Mapping[str, Q] = MappingProxyType({})
) -> dict[str, int]:
    """How many of `rows` are in each group, and `hidden`: of customers that the user does not see. `also`: other conditions, by a name.

    Two queries.
    """
    counted = {group.code: Count("pk", filter=group.condition) for group in groups(access)}
    counted |= {name: Count("pk", filter=condition) for name, condition in also.items()}
    totals: dict[str, int] = rows.aggregate(present=Count("pk", filter=Q(gone_at__isnull=True)), **counted)
    everything = ClientRelation.objects.filter(access=access).present().count()
    return {**totals, "hidden": everything - totals["present"]}


@dataclass(frozen=True)
class ClientRow:
    """One client in a list. `lacking` are codes of packages without their prefix."""

    relation: ClientRelation
    name: str
    state: str
    lacking: list[str]
    step: NextStep

    @property
    def label(self) -> str:
        return str(LABELS[self.state])

    @property
    def colour(self) -> str:
        return COLOURS[self.state]


def client_row(relation: ClientRelation, access: Access, *, known: Mapping[str, str] | None = None) -> ClientRow:
    """No queries: the customer of the relation is loaded. `known` are names of packages by urn, for the next step."""
    state = state_of(relation, access)
    lacking = [urn.removeprefix(urns.PACKAGE) for urn in relation.lacks(access.packages)] if state == LACKING else []
    name = relation.customer.name if relation.customer else relation.name
    words = [(known or {}).get(urns.PACKAGE + code, code) for code in lacking]
    return ClientRow(relation, name or relation.orgnr, state, lacking, _step(relation, access, state, words))


def _step(relation: ClientRelation, access: Access, state: str, lacking: list[str]) -> NextStep:
    accountant = access.customer.name
    if state == GONE:
        return NextStep(_("Ring og spør hvorfor"), _("Dere"))
    if state == LACKING:
        return NextStep(_("Legg til %(packages)s") % {"packages": ", ".join(lacking)}, accountant)
    if state == UNSURE and relation.missing_since:
        return NextStep(_("Manglet i listen sist. Vi spør igjen"))
    if state == UNSURE:
        return NextStep(_("Kjent fra en dialog. Vi spør Altinn hva klienten har gitt"))
    return NextStep(_("Alt i orden")) if relation.customer else _to_take_in(relation)


def _to_take_in(relation: ClientRelation) -> NextStep:
    """Of one that was chosen already, why no customer could be made."""
    if not relation.problem_code:
        return NextStep(_("Legg til som kunde"), _("Dere"))
    reason = explain(relation.problem_code)
    return NextStep(str(reason.title), str(reason.who))


def through_whom(customer: Customer, *, user: User) -> list[ThroughRow]:
    """The accountants that reach `customer`, or did, for its page. One query."""
    is_visible = Exists(Access.objects.visible_to(user).filter(pk=OuterRef("access")))
    rows = ClientRelation.objects.all().of(customer).select_related("customer").annotate(is_visible=is_visible)
    ordered = rows.order_by("gone_at", "access__customer__sort_name", "pk")
    return [ThroughRow(client_row(row, row.access), row.access, row.is_visible) for row in ordered]


@dataclass(frozen=True)
class ThroughRow:
    """One accountant on a client's page. `is_visible`: the user may open the accountant's own pages."""

    client: ClientRow
    access: Access
    is_visible: bool

    @property
    def is_usable(self) -> bool:
        return self.access.status in Access.USABLE and self.client.state != GONE
