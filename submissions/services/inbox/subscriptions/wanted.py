"""Which subscriptions there should be: for everything that an access opens, of followed customers, where Altinn can call us."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import BooleanField, F, Q, QuerySet
from django.db.models.expressions import RawSQL

from accounts.models import followed
from portal.core.environments import Environment
from portal.gateways import urns
from submissions.models import EventSubscription
from submissions.services import catalogue
from submissions.services.inbox import cursors
from systemusers.models import Access, ClientRelation, Kind

SETTLE = timedelta(minutes=2)
"""Altinn needs some time after an approval before all its services know the new system user."""
Wanted = tuple[int | None, str]
"""A client of an accountant, by id, None for the access's own customer; and the resource."""


def can_subscribe(environment: str) -> bool:
    """Altinn calls https addresses only; the sandbox also calls http."""
    address = urlsplit(settings.PORTAL_URL)
    return address.scheme == "https" or environment == Environment.SANDBOX


LACKING = """EXISTS (
    SELECT 1 FROM jsonb_array_elements_text({access}.rights) AS wanted(code) WHERE NOT EXISTS (
        SELECT 1 FROM {subscription} own
        WHERE own.access_id = {access}.id AND own.resource = '{prefix}' || wanted.code))"""
LACKING_BY_PACKAGE = """EXISTS (
    SELECT 1 FROM (VALUES {rows}) AS opened(environment, package, resource)
    WHERE opened.environment = {access}.environment AND jsonb_exists({access}.packages, opened.package) AND NOT EXISTS (
        SELECT 1 FROM {subscription} own WHERE own.access_id = {access}.id AND own.resource = opened.resource))"""


def make_subscriptions(*, at: datetime, limit: int = 500, everything: bool = False) -> int:
    """A row, due now, for each resource of an access in use that has none; returns how many were made. A resource is a single
    right, or what a package opens. Those with the latest changes come first. Accountants' are made by `comparing`, some at a time.

    `everything`: also of accesses whose state has not changed lately.
    """
    rows = in_use().filter(profile__kind=Kind.STANDARD)
    rows = rows if everything else cursors.recent(rows, at=at)
    settled = rows.filter(Q(answered_at__lte=at - SETTLE) | Q(environment=Environment.SANDBOX))
    tables = {"access": Access._meta.db_table, "subscription": EventSubscription._meta.db_table}
    words = {**tables, "prefix": urns.RESOURCE}
    is_lacking = RawSQL(LACKING.format(**words), (), output_field=BooleanField())  # noqa: S611 - no value inside
    lacking = settled.filter(is_lacking | _lacks_by_package(tables)).select_related("profile")
    settings = cache(catalogue.local)
    wanted = {
        (access.pk, resource)
        for access in lacking.order_by(F("cursor__changed_at").desc(nulls_last=True), "pk")[:limit]
        for resource in catalogue.resources_of(access, settings(access.environment))
    }
    asked = EventSubscription.objects.filter(access__in={pk for pk, _resource in wanted})
    missing = sorted(wanted - set(asked.values_list("access_id", "resource")))
    EventSubscription.objects.bulk_create(
        [
            EventSubscription(
                access_id=pk, resource=resource, secret_hash=hashed(new_secret()), created_at=at, next_attempt_at=at
            )
            for pk, resource in missing
        ],
        ignore_conflicts=True,
    )
    return len(missing)


def _lacks_by_package(tables: dict[str, str]) -> RawSQL:
    """Whether a package of the access opens a resource of a followed service that has no subscription."""
    rows = [
        (environment, package, resource)
        for environment in reachable()
        for service in catalogue.followed(catalogue.local(environment))
        for package in service.packages
        for resource in service.resource_urns
    ]
    sql = LACKING_BY_PACKAGE.format(rows=", ".join(["(%s, %s, %s)"] * len(rows)), **tables)
    return RawSQL(sql, [text for row in rows for text in row], output_field=BooleanField())  # noqa: S611 - values as parameters


def wanted_of(access: Access) -> set[Wanted]:
    """All that there should be for one access."""
    if access.profile.kind != Kind.AGENT:
        return {(None, resource) for resource in catalogue.resources_of(access)}
    local = catalogue.local(access.environment)
    relations = ClientRelation.objects.present().filter(followed("customer"), access=access, customer__isnull=False)
    return {
        (one.customer_id, resource)
        for one in relations
        for resource in catalogue.resources_of_client(access, one, local)
    }


def reachable() -> list[str]:
    return [str(environment) for environment in Environment if can_subscribe(environment)]


def in_use() -> QuerySet[Access]:
    """Accesses that there are subscriptions for."""
    return Access.objects.filter(followed(), status=Access.Status.IN_USE, environment__in=reachable())


def new_secret() -> str:
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
