"""Choices for systems, with Altinn's names: Skatteetaten's resources and the access packages.

From the lists that are read every night; before the first night Altinn is asked, and the answer is cached for a while.
Without an answer the choices are empty, and values can be typed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable

from django.core.cache import cache
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from portal.gateways.errors import GatewayError
from systemusers.models import Offered
from systemusers.services.offered import OWNERS
from systemusers.services.remote import metadata

logger = logging.getLogger(__name__)
Choices = list[tuple[str, str]]
"""Ids or urns with their names, in the order of the names."""
AN_HOUR, A_MINUTE = 3600, 60


def rights(environment: str) -> Choices:
    """Skatteetaten's resources that a customer can give."""
    shown_in = language()
    return _stored(environment, Offered.Kind.RESOURCE) or _kept(
        f"choices:rights:{environment}:{shown_in}",
        lambda: [
            (resource.id, resource.titles.get(shown_in) or resource.titles.get("nb") or resource.id)
            for resource in metadata(environment).resources()
            if resource.owner in OWNERS and resource.is_delegable
        ],
    )


def packages(environment: str) -> Choices:
    """The access packages that a customer, or an accountant's client, can give, with who can give them."""
    shown_in = language()
    return _stored(environment, Offered.Kind.PACKAGE) or _kept(
        f"choices:packages:{environment}:{shown_in}",
        lambda: [
            (package.urn, package.name)
            for package in metadata(environment).all_packages(language=shown_in)
            if package.is_assignable or package.is_delegable
        ],
    )


def named(environment: str, urns: Iterable[str]) -> list[tuple[str, str]]:
    """(urn, name) of access packages in their order, by the stored lists; the name is "" when they do not have it."""
    wanted = list(urns)
    rows = Offered.objects.filter(environment=environment, kind=Offered.Kind.PACKAGE, code__in=wanted)
    names = {row.code: row.name(language()) for row in rows}
    return [(urn, names.get(urn, "")) for urn in wanted]


def _stored(environment: str, kind: str) -> Choices:
    rows = Offered.objects.filter(environment=environment, kind=kind, gone_at=None).exclude(use=Offered.Use.NEITHER)
    return _ordered([(row.code, _label(row)) for row in rows])


def _label(row: Offered) -> str:
    name = row.name(language())
    if row.kind == Offered.Kind.RESOURCE or row.use == Offered.Use.BOTH:
        return name
    return _("%(name)s, for klienter") % {"name": name} if row.use == Offered.Use.AGENT else name


def language() -> str:
    """The reader's, as Altinn's lists have it."""
    return (get_language() or "nb")[:2]


def _ordered(choices: Choices) -> Choices:
    return sorted(set(choices), key=lambda choice: choice[1].lower())


def _kept(key: str, ask: Callable[[], Choices]) -> Choices:
    kept = cache.get(key)
    if kept is not None:
        return [(code, name) for code, name in kept]
    try:
        fetched = _ordered(ask())
    except GatewayError as error:
        logger.warning("no list to pick from: %s", error)
        cache.set(key, [], A_MINUTE)
        return []
    cache.set(key, fetched, AN_HOUR)
    return fetched
