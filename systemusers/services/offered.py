"""Keeps Altinn's lists of access packages and resources, and says what became of those that our systems use.

The lists are open: no token. A list that lacks more than half of what was there is taken for a fault of the remote.
https://docs.altinn.studio/api/accessmanagement/ , https://docs.altinn.studio/api/resourceregistry/
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Func, Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.forms import short_name
from portal.core.lease import Hold
from portal.gateways.errors import BrokenReply
from portal.gateways.text import one_line
from systemusers.models import Access, AccessProfile, Offered, OfferedRound, System
from systemusers.services.remote import metadata
from systemusers.services.system_register.rounds import next_night

LANGUAGES = ("nb", "nn", "en")
OWNERS = frozenset({"skd", "ske"})
"""Whose resources are kept: Skatteetaten's, by both of its codes."""
TOLD = timedelta(days=30)
"""A new name or another use is told for so long."""
Kind, Use = Offered.Kind, Offered.Use


@dataclass(frozen=True)
class Listed:
    """One entry as Altinn has it now."""

    kind: str
    code: str
    names: dict[str, str]
    owner: str
    use: str


class ShortList(BrokenReply):
    """Less than half of what was listed before: more likely a fault than withdrawals."""


def read_due(*, environments: list[str], at: datetime) -> int:
    """Read the lists of the environments that are due. Returns how many were taken."""
    rows = [OfferedRound(environment=environment, next_attempt_at=at) for environment in environments]
    OfferedRound.objects.bulk_create(rows, ignore_conflicts=True)
    holds = lease.claim(OfferedRound.objects.filter(environment__in=environments), at=at)
    lease.work_through(holds, read, longest=timedelta(hours=1))
    return len(holds)


def read(hold: Hold[OfferedRound]) -> None:
    """One environment; again next night. Raises LostRace, ShortList and the gateways' errors."""
    environment, at = hold.row.environment, hold.now()
    listed = _packages(environment, hold)
    hold.renew()
    listed += _resources(environment)
    with transaction.atomic():
        hold.lock()
        _store(environment, listed, at)
        hold.finish(next_attempt_at=next_night(at), read_at=at)


def _packages(environment: str, hold: Hold[OfferedRound]) -> list[Listed]:
    names: dict[str, dict[str, str]] = defaultdict(dict)
    uses: dict[str, str] = {}
    for language in LANGUAGES:
        hold.renew()
        for package in metadata(environment).all_packages(language=language):
            names[package.urn][language] = one_line(package.name)
            uses[package.urn] = _use(package.is_assignable, package.is_delegable)
    return [Listed(Kind.PACKAGE, urn, names[urn], "", use) for urn, use in uses.items()]


def _use(is_standard: bool, is_agent: bool) -> str:
    if is_standard and is_agent:
        return Use.BOTH
    return Use.STANDARD if is_standard else Use.AGENT if is_agent else Use.NEITHER


def _resources(environment: str) -> list[Listed]:
    """Single rights are for standard system users only."""
    return [
        Listed(
            Kind.RESOURCE, one.id, {language: one_line(title) for language, title in one.titles.items()}, one.owner,
            Use.STANDARD if one.is_delegable else Use.NEITHER,
        )
        for one in metadata(environment).resources()
        if one.owner in OWNERS
    ]  # fmt: skip


def _store(environment: str, listed: list[Listed], at: datetime) -> None:
    known = {(row.kind, row.code): row for row in Offered.objects.filter(environment=environment)}
    _check_length(known.values(), listed)
    now = {(one.kind, one.code): one for one in listed}
    rows = [_row(environment, one, known.get(key), at) for key, one in now.items()]
    Offered.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["environment", "kind", "code"],
        update_fields=["names", "owner", "use", "former_names", "former_use", "changed_at", "seen_at", "gone_at"],
    )  # fmt: skip
    gone = [row.pk for key, row in known.items() if key not in now and row.gone_at is None]
    Offered.objects.filter(pk__in=gone).update(gone_at=at)


def _check_length(known: object, listed: list[Listed]) -> None:
    for kind in Kind.values:
        before = [row for row in known if row.kind == kind and row.gone_at is None]  # type: ignore[attr-defined]
        if len([one for one in listed if one.kind == kind]) * 2 < len(before):
            raise ShortList(f"altinn lists less than half of the {kind.lower()}s that it had")


def _row(environment: str, one: Listed, before: Offered | None, at: datetime) -> Offered:
    row = before or Offered(environment=environment, kind=one.kind, code=one.code)
    if before and (before.names != one.names or before.use != one.use):
        row.former_names = before.names if before.names != one.names else {}
        row.former_use = before.use if before.use != one.use else ""
        row.changed_at = at
    row.names, row.owner, row.use, row.seen_at, row.gone_at = one.names, one.owner, one.use, at, None
    return row


def names_of(environment: str, codes: Iterable[str], *, language: str) -> dict[str, str]:
    """Altinn's names of rights and packages, by code; those that the lists do not have are left out. Asks nobody."""
    return {code: row.name(language) for code, row in _entries_of(environment, codes).items()}


def _entries_of(environment: str, codes: Iterable[str]) -> dict[str, Offered]:
    return {row.code: row for row in Offered.objects.filter(environment=environment, code__in=list(codes))}


def entries(environment: str) -> dict[str, Offered]:
    """Everything in the lists of the environment, by code. One query; asks nobody."""
    return {row.code: row for row in Offered.objects.filter(environment=environment)}


def told(
    access: Access,
    *,
    language: str,
    asked: Access | AccessProfile | None = None,
    known: Mapping[str, Offered] | None = None,
) -> list[str]:
    """What the customer reads that we ask for, in `language` (nb, nn or en): the vendor's own points, and as the last one the names
    that Altinn has for every right and package, so that no text leaves one out.

    `asked`: what has the rights, the access unless told. `known`: what `entries` gave, where it is at hand.
    """
    points, whose = access.profile.purpose(language), asked or access
    if codes := [*whose.rights, *whose.packages]:
        rows = known if known is not None else _entries_of(access.environment, codes)
        listed = ", ".join(rows[code].name(language) if code in rows else short_name(code) for code in codes)
        with translation.override(language):
            points.append(_("bruke dette i Altinn, med navnene Altinn viser dere: %(names)s") % {"names": listed})
    return points


def in_use(environment: str) -> QuerySet[Offered]:
    """Entries that a registered system has, or a profile of one."""
    systems = System.objects.filter(environment=environment, status=System.Status.REGISTERED)
    rights, packages = (
        systems.annotate(asked=Func(F(column), function="jsonb_array_elements_text")).values("asked")
        for column in ("rights", "packages")
    )
    return Offered.objects.filter(Q(code__in=rights) | Q(code__in=packages), environment=environment)


def troubled(environment: str, *, at: datetime) -> QuerySet[Offered]:
    """Those in use that Altinn has withdrawn, that can no longer be given, or that lately got another name or use."""
    lately = Q(changed_at__gt=at - TOLD)
    return in_use(environment).filter(Q(gone_at__isnull=False) | Q(use=Use.NEITHER) | lately)


def unfit(profile: AccessProfile) -> list[Offered]:
    """Packages of the profile that its kind can no longer be given."""
    wanted = Offered.FOR_AGENT if profile.kind == "AGENT" else Offered.FOR_STANDARD
    rows = Offered.objects.filter(
        environment=profile.system.environment, kind=Kind.PACKAGE, code__in=profile.packages, gone_at=None
    )
    return list(rows.exclude(use__in=wanted))


def read_soon(*, environment: str, by: str, at: datetime) -> None:
    """A person wants the lists read at the next chance."""
    with transaction.atomic():
        lease.make_one_due(OfferedRound, environment=environment, at=at)
        row = OfferedRound.objects.get(environment=environment)
        record(by=by, at=at, target=row, what=AuditType.OFFERED_ASKED, environment=environment)
