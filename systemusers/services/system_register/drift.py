"""Compares Altinn's data of a system with ours, and reads the register's change log."""

from __future__ import annotations

from datetime import datetime

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.gateways.altinn import RegisteredSystem, SystemChange
from portal.gateways.errors import Refused
from systemusers.models import Difference, System
from systemusers.services.remote import system_register
from systemusers.services.system_register.push import SCOPE, remote_form
from systemusers.services.tokens import vendor_token


def compare_system(*, system: System, by: str, at: datetime) -> list[Difference]:
    """Ask the register and store the differences: field, ours, theirs. Empty when the two are the same.

    Raises NoKey and the gateways' errors; a system Altinn does not know is a difference, not an error.
    """
    record(by=by, at=at, target=system, what=AuditType.COMPARE, system_id=system.system_id)
    token = vendor_token(client=system.own_client, scopes=(SCOPE,), at=at)
    try:
        drift = differences(remote_form(system), system_register(system.environment).get(system.system_id, token=token))
    except Refused as error:
        if error.status != 404:
            raise
        drift = [{"field": "system", "ours": system.system_id, "theirs": None}]
    System.objects.filter(pk=system.pk).update(compared_at=at, drift=drift)
    system.compared_at, system.drift = at, drift
    return drift


def differences(ours: RegisteredSystem, theirs: RegisteredSystem) -> list[Difference]:
    """Lists are compared without order; a language that only Altinn has is a difference."""
    if theirs.is_deleted:
        return [{"field": "system", "ours": ours.system_id, "theirs": "deleted"}]
    result: list[Difference] = []
    for name in ("name", "description"):
        mine, other = getattr(ours, name), getattr(theirs, name)
        result += [
            {"field": f"{name}_{language}", "ours": mine.get(language, ""), "theirs": other.get(language, "")}
            for language in sorted(mine.keys() | other.keys())
            if mine.get(language, "") != other.get(language, "")
        ]
    pairs = {"rights": "rights", "packages": "packages", "redirect_urls": "redirect_urls", "client_ids": "client_ids"}
    for field, name in pairs.items():
        mine, other = sorted(getattr(ours, name)), sorted(getattr(theirs, name))
        if mine != other:
            result.append({"field": field, "ours": mine, "theirs": other})
    if ours.is_visible != theirs.is_visible:
        result.append({"field": "is_visible", "ours": ours.is_visible, "theirs": theirs.is_visible})
    return result


def pull_register_log(*, system: System, at: datetime) -> list[SystemChange]:
    """The register's own change log, newest first. Raises NoKey and the gateways' errors."""
    token = vendor_token(client=system.own_client, scopes=(SCOPE,), at=at)
    return system_register(system.environment).changelog(system.system_id, token=token)
