"""A person decides which of the found system users become accesses. Nothing is called here; a worker does the rest."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from systemusers.models import Access, AccessProfile, Kind, System, SystemRound
from systemusers.models.found import FoundSystemUserQuerySet
from systemusers.services.authorised_parties import ask_soon
from systemusers.services.system_register import save_profile
from systemusers.services.system_register.checks import find_package

NAMES = {Kind.STANDARD: "Overtatt fra Altinn", Kind.AGENT: "Overtatt fra Altinn, for klienter"}
"""Stored as they are, and looked for by it: not translated."""
PURPOSE = {
    "purpose_nb": "Levere oppgaver og hente svar hos Skatteetaten",
    "purpose_nn": "Levere oppgåver og hente svar hos Skatteetaten",
    "purpose_en": "Submit reports to the Norwegian Tax Administration and fetch the answers",
}


class WrongProfile(Exception):
    """The profile belongs to another system, or is for another kind of system user."""


def take_over(
    *, rows: FoundSystemUserQuerySet, profile: AccessProfile, by: str, at: datetime, adopts: bool | None = None
) -> int:
    """Let a worker make customers and accesses of those among `rows` that wait and are of the kind of `profile`.

    `adopts`: whether those that customers make later are taken over without a question; None leaves it. Returns how many were
    chosen. Raises WrongProfile when `rows` has system users of another system.
    """
    system = profile.system
    if rows.exclude(system=system).exists():
        raise WrongProfile
    with transaction.atomic():
        waiting = rows.waiting().filter(kind=profile.kind)
        chosen = waiting.update(
            chosen_at=at, chosen_by=by, profile=profile, next_attempt_at=at, problem_code="", failures=0
        )
        if adopts is not None:
            System.objects.filter(pk=system.pk).update(adopts=adopts)
        record(
            by=by, at=at, target=system, what=AuditType.ADOPT,
            number=chosen, profile=profile.name, system_id=system.system_id,
        )  # fmt: skip
    return chosen


def ignore(*, rows: FoundSystemUserQuerySet, system: System, by: str, at: datetime) -> int:
    """Those that wait are not asked about again. They can be found under "skal ikke følges"."""
    with transaction.atomic():
        number = rows.filter(system=system).waiting().update(ignored_at=at)
        record(by=by, at=at, target=system, what=AuditType.IGNORED, number=number, system_id=system.system_id)
    return number


def reconsider(*, rows: FoundSystemUserQuerySet, system: System, by: str, at: datetime) -> int:
    """Undo `ignore`."""
    with transaction.atomic():
        number = rows.filter(system=system, ignored_at__isnull=False, access=None).update(ignored_at=None)
        record(by=by, at=at, target=system, what=AuditType.RECONSIDERED, number=number, system_id=system.system_id)
    return number


def default_profile(*, system: System, kind: str, by: str, at: datetime) -> AccessProfile:
    """The profile for system users that were made elsewhere; made when it is missing. Calls Altinn; not for a transaction.

    It has what the system has and its kind may be given. Raises SystemProblems when the system has nothing for the kind.
    """
    name = NAMES[Kind(kind)]
    known = system.profiles.filter(name=name, kind=kind).first()
    if known is not None:
        return known
    profile = AccessProfile(
        system=system, name=name, kind=kind, rights=[] if kind == Kind.AGENT else list(system.rights),
        packages=[urn for urn in system.packages if _fits(system, urn, kind)], **PURPOSE,
    )  # fmt: skip
    save_profile(profile=profile, by=by, at=at)
    return profile


def _fits(system: System, urn: str, kind: str) -> bool:
    package = find_package(system.environment, urn)
    if package is None:
        return False
    return package.is_delegable if kind == Kind.AGENT else package.is_assignable


def ask_for_rights(*, access: Access, by: str, at: datetime) -> None:
    """A person wants to know at the next chance what the system user may do."""
    with transaction.atomic():
        record(by=by, at=at, target=access, what=AuditType.RIGHTS_ASKED)
        ask_soon(access=access, at=at)


def ask_for_list(*, system: System, by: str, at: datetime) -> None:
    """A person wants Altinn's list of the system's system users read at the next chance."""
    with transaction.atomic():
        record(by=by, at=at, target=system, what=AuditType.LIST_ASKED, system_id=system.system_id)
        lease.make_one_due(SystemRound, system=system, kind=SystemRound.Kind.RECONCILE, at=at)
