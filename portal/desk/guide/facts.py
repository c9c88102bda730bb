"""What the steps of the guide are decided by, read from the database once for each page."""

from __future__ import annotations

from dataclasses import dataclass

from accounts.models import Customer, User
from portal.core.environments import Environment
from portal.desk.counting import existing
from systemusers.models import (
    Access,
    AccessProfile,
    ClientCheck,
    MaskinportenClient,
    ScopeGrant,
    SigningKey,
    System,
)
from systemusers.services.diagnosis import VENDOR_UNKNOWN
from systemusers.services.wanted_scopes import Owner, wanted

V = ScopeGrant.Verdict


@dataclass(frozen=True)
class Scopes:
    """Of one owner. `lacking`: wanted and granted to no client. `waits`: all of these are on a client, and the owner has not
    granted them; otherwise the vendor has something left to do."""

    lacking: list[str]
    waits: bool


@dataclass(frozen=True)
class Facts:
    """Of one environment. The accesses and customers are those that the user may see.

    `draft_system`: the id of a system that is not registered yet.
    """

    has_client: bool
    has_key: bool
    scopes: dict[Owner, Scopes]
    number_known: bool
    number_refused: bool
    is_registered: bool
    draft_system: int | None
    has_profile: bool
    has_customer: bool
    has_asked: bool
    is_waiting: bool
    has_approved: bool


def read(*, environment: Environment, user: User) -> Facts:
    accesses = Access.objects.visible_to(user).filter(environment=environment)
    registered = System.objects.filter(environment=environment, status=System.Status.REGISTERED)
    drafts = System.objects.filter(environment=environment, status=System.Status.DRAFT)
    answers = ClientCheck.objects.filter(client__environment=environment, kind=ClientCheck.Kind.REGISTER)
    codes = set(answers.values_list("code", flat=True))
    keys = SigningKey.objects.filter(client__environment=environment, status=SigningKey.Status.ACTIVE)
    profiles = AccessProfile.objects.filter(system__in=registered)
    there = existing({
        "client": MaskinportenClient.objects.filter(environment=environment), "key": keys, "registered": registered,
        "profile": profiles, "customer": Customer.objects.visible_to(user).filter(environment=environment),
        "asked": accesses.exclude(status=Access.Status.DRAFT), "waiting": accesses.filter(status__in=Access.OPEN),
        "approved": accesses.filter(status__in=Access.USABLE),
    })  # fmt: skip
    return Facts(
        has_client="client" in there,
        has_key="key" in there,
        scopes=_scopes(environment),
        number_known="registered" in there or "" in codes,
        number_refused=VENDOR_UNKNOWN in codes,
        is_registered="registered" in there,
        draft_system=drafts.order_by("pk").values_list("pk", flat=True).first(),
        has_profile="profile" in there,
        has_customer="customer" in there,
        has_asked="asked" in there,
        is_waiting="waiting" in there,
        has_approved="approved" in there,
    )


def _scopes(environment: Environment) -> dict[Owner, Scopes]:
    rows = ScopeGrant.objects.filter(client__environment=environment).values_list("scope", "verdict")
    answers = set(rows)
    result = {}
    for owner in Owner:
        ours = [one.scope for one in wanted(environment) if one.owner == owner]
        lacking = [scope for scope in ours if (scope, V.GRANTED) not in answers]
        result[owner] = Scopes(lacking, waits=all((scope, V.NOT_GRANTED) in answers for scope in lacking))
    return result
