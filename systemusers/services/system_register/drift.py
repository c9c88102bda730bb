"""Compares Altinn's entry of a system with our row, and copies the register's change log."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import Hold
from portal.core.states import IllegalTransition
from portal.gateways.altinn import RegisteredSystem
from systemusers.models import Difference, RegisterChange, System, SystemRound
from systemusers.services.remote import system_register
from systemusers.services.system_register.entry import SCOPE, NotInAltinn, columns, differences, fetch
from systemusers.services.system_register.rounds import next_night, take_comparison
from systemusers.services.tokens import vendor_token


def compare_system(*, system: System, by: str, at: datetime) -> list[Difference]:
    """Ask the register and store the differences: field, ours, theirs. Empty when the two are the same.

    Raises NoKey, OwnedByAnother and the gateways' errors; a system Altinn does not know is a difference, not an error.
    """
    record(by=by, at=at, target=system, what=AuditType.COMPARE, system_id=system.system_id)
    theirs: RegisteredSystem | None
    try:
        theirs = fetch(environment=system.environment, client=system.own_client, system_id=system.system_id, at=at)
    except NotInAltinn:
        theirs = None
    with transaction.atomic():
        row = System.objects.select_for_update(of=("self",)).get(pk=system.pk)
        row.drift, row.compared_at = _drift(row, theirs), at
        if theirs and not row.drift:
            row.entry = theirs.raw
        row.save(update_fields=["compared_at", "drift", "entry"])
    system.compared_at, system.drift, system.entry = at, row.drift, row.entry
    return row.drift


def compare_now(*, system: System, by: str, at: datetime) -> list[Difference]:
    """For a person who waits: `compare_system`, and the register's change log. Raises LostRace while another compares or changes it."""
    hold = take_comparison(system=system, at=at)
    with lease.given_back_on_error(hold):
        return compare_held(hold, system, by=by)


def compare_held(hold: Hold[SystemRound], system: System, *, by: str) -> list[Difference]:
    """Under the lease of the system's comparison, which it ends; again next night."""
    drift = compare_system(system=system, by=by, at=hold.now())
    if not is_unknown(drift):
        hold.renew()
        copy_register_log(system=system, at=hold.now())
    hold.finish(next_attempt_at=next_night(hold.now()))
    return drift


def _drift(row: System, theirs: RegisteredSystem | None) -> list[Difference]:
    if theirs is None:
        return [{"field": "system", "ours": row.system_id, "theirs": None}]
    return differences(columns(row), theirs)


def is_unknown(drift: list[Difference]) -> bool:
    """Whether Altinn has no such system, not even a deleted one."""
    return any(entry["field"] == "system" and entry["theirs"] is None for entry in drift)


def copy_register_log(*, system: System, at: datetime) -> None:
    """Store the register's own change log. Raises NoKey and the gateways' errors."""
    token = vendor_token(client=system.own_client, scopes=(SCOPE,), at=at)
    log = system_register(system.environment).changelog(system.system_id, token=token)
    rows = [
        RegisterChange(
            system=system,
            kind=change.kind[:50],
            at=change.at,
            by_orgnr=change.by_orgnr[:20],
            client_id=change.client_id[:200],
        )
        for change in log
        if change.at is not None
    ]
    RegisterChange.objects.bulk_create(rows, ignore_conflicts=True)


def note_deletion(*, system: System, by: str, at: datetime) -> None:
    """REGISTERED -> DELETED because Altinn has deleted it already. Raises what `fetch` raises, and IllegalTransition if it has not."""
    record(by=by, at=at, target=system, what=AuditType.COMPARE, system_id=system.system_id)
    theirs = fetch(environment=system.environment, client=system.own_client, system_id=system.system_id, at=at)
    if not theirs.is_deleted:
        raise IllegalTransition(f"{system.system_id} is not deleted in Altinn")
    system.move_to(System.Status.DELETED, by=by, at=at, drift=[], entry=theirs.raw)
