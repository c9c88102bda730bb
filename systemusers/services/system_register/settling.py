"""Bring a system and its entry together: a person saw the differences, chose a side for each, and confirmed that.

A PUT replaces the whole entry. So it is fetched again, must be what the person saw, and only the chosen lines of it change.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Proposal
from accounts.services import proposals
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import Hold
from portal.core.states import LostRace
from portal.gateways.errors import Refused
from systemusers.models import System, SystemRound
from systemusers.services.remote import system_register
from systemusers.services.system_register.checks import check_system
from systemusers.services.system_register.diff import Choices, Difference, Look, look
from systemusers.services.system_register.entry import (
    SCOPE,
    DeletedInAltinn,
    columns,
    differences,
    fetch,
    fingerprint,
    remote_form,
    with_columns,
)
from systemusers.services.system_register.push import answered, problems_of
from systemusers.services.system_register.rounds import next_night, take_comparison
from systemusers.services.tokens import vendor_token


class ChangedMeanwhile(Exception):
    """The entry or the row is not what the person saw. `look` is how they are now; nothing was written."""

    def __init__(self, look: Look) -> None:
        super().__init__(f"{look.system.system_id} changed meanwhile")
        self.look = look


class NotTyped(Exception):
    """Something leaves the entry whose name was not typed. `keys`: of those lines."""

    def __init__(self, keys: set[str]) -> None:
        super().__init__(f"{len(keys)} names were not typed")
        self.keys = keys


@dataclass(frozen=True)
class Settled:
    """How many lines were written to Altinn, and how many were taken from it."""

    written: int
    taken: int


def look_at(*, system: System, at: datetime, by: str | None = None) -> Look:
    """The system beside its entry as it is now. `by`: the person who looks, for the trail; None as a part of an act that is in it.

    Raises NotInAltinn, OwnedByAnother, DeletedInAltinn, NoKey, gateway errors.
    """
    client = system.own_client
    if by:
        record(by=by, at=at, target=system, what=AuditType.READ_REGISTER, system_id=system.system_id)
    theirs = fetch(environment=system.environment, client=client, system_id=system.system_id, at=at)
    if theirs.is_deleted:
        raise DeletedInAltinn(system.system_id)
    return look(system, theirs)


def settle(
    *,
    system: System,
    seen: str,
    choices: Mapping[str, str],
    typed: Mapping[str, str],
    by: str,
    at: datetime,
    approved: Proposal | None = None,
) -> Settled:
    """Do what was confirmed. `seen` is the fingerprint of what was shown; `typed` has the name of each thing to remove, by key.

    Raises ChangedMeanwhile, NotTyped, NeedsSecondPerson when something is to be written to Altinn, SystemProblems, LostRace and
    what `look_at` raises. Nothing is written to Altinn then, but for a gateway's error of the last call: what was taken from Altinn
    is stored, the rest is shown as a difference.
    """
    hold = take_comparison(system=system, at=at)
    with ExitStack() as stack:
        stack.callback(_let_go, hold)
        return _settle(hold, Confirmed(system, seen, choices, typed, approved), by=by)


def _let_go(hold: Hold[SystemRound]) -> None:
    """After an error: whatever arrived in Altinn, the next comparison finds it."""
    if not hold.is_finished:
        with suppress(LostRace):
            hold.finish(next_attempt_at=hold.now())


@dataclass(frozen=True)
class Confirmed:
    """What a person, or two, confirmed."""

    system: System
    seen: str
    given: Mapping[str, str]
    typed: Mapping[str, str]
    approved: Proposal | None


def _settle(hold: Hold[SystemRound], said: Confirmed, *, by: str) -> Settled:
    system = said.system
    now = look_at(system=_fresh(system), at=hold.now())
    if now.seen != said.seen:
        raise ChangedMeanwhile(now)
    choices = now.choices(said.given)
    check_typed(now, choices, said.typed)
    written = now.written(choices)
    if written:
        kind = Proposal.Kind.SYSTEM_UPDATED
        proposals.check(kind, environment=system.environment, target=system, by=by, approved=said.approved)
    wanted = _with_columns(now, choices)
    if written:
        check_system(wanted, accepted=now.theirs)
    _store(now, wanted, choices, by=by, at=hold.now())
    if written:
        _put(hold, now, wanted, by=by)
    _agree(hold, now, wanted, by=by, is_written=bool(written))
    system.refresh_from_db()
    return Settled(len(written), len(now.lines) - len(written))


def _fresh(system: System) -> System:
    return System.objects.select_related("client", "admin_client").get(pk=system.pk)


def check_typed(now: Look, choices: Choices, typed: Mapping[str, str]) -> None:
    """Raises NotTyped."""
    missing = {line.key for line in now.removed(choices) if typed.get(line.key, "").strip() != line.word}
    if missing:
        raise NotTyped(missing)


def _with_columns(now: Look, choices: Choices) -> System:
    """A copy of the row with the columns that both sides are to have."""
    wanted = _fresh(now.system)
    for name, value in now.result(choices).items():
        setattr(wanted, name, value)
    return wanted


def _store(now: Look, wanted: System, choices: Choices, *, by: str, at: datetime) -> None:
    """What is taken from Altinn, and the intent of what is written there, before the call."""
    written = now.written(choices)
    taken = [line for line in now.lines if line not in written]
    with transaction.atomic():
        row = System.objects.select_for_update(of=("self",)).get(pk=wanted.pk)
        if fingerprint(row, now.theirs) != now.seen:
            raise LostRace(f"{row.system_id} was saved meanwhile")
        wanted.entry, wanted.drift = now.theirs.raw, differences(columns(wanted), now.theirs)
        wanted.save(update_fields=[*columns(wanted), "entry", "drift"])
        details: dict[str, Any] = {"system_id": row.system_id}
        if taken or not written:
            record(by=by, at=at, target=row, what=AuditType.TAKE_OVER, fields=_fields(taken), **details)
        if written:
            removed = [str(line.theirs) for line in now.removed(choices)]
            record(by=by, at=at, target=row, what=AuditType.UPDATE, fields=_fields(written), removed=removed, **details)


def _fields(lines: list[Difference]) -> list[str]:
    return list(dict.fromkeys(line.field for line in lines))


def _put(hold: Hold[SystemRound], now: Look, wanted: System, *, by: str) -> None:
    with answered("update", wanted, by=by, at=hold.now()):
        token = vendor_token(client=wanted.own_client, scopes=(SCOPE,), at=hold.now())
        hold.renew()
        try:
            system_register(wanted.environment).update(with_columns(now.theirs, columns(wanted)), token=token)
        except Refused as error:
            raise problems_of(error) from error


def _agree(hold: Hold[SystemRound], now: Look, wanted: System, *, by: str, is_written: bool) -> None:
    """Both sides have the same now. Columns that somebody saved during the call stay as a difference."""
    at = hold.now()
    with transaction.atomic():
        hold.lock()
        row = System.objects.select_for_update(of=("self",)).get(pk=wanted.pk)
        row.entry = with_columns(now.theirs, columns(wanted)).as_json() if is_written else now.theirs.raw
        row.pushed_at, row.compared_at = (at if is_written else row.pushed_at), at
        row.drift = differences(columns(row), remote_form(wanted))
        row.save(update_fields=["entry", "pushed_at", "compared_at", "drift"])
        if row.status == System.Status.DRAFT:
            row.move_to(System.Status.REGISTERED, by=by, at=at, registered_at=at)
        hold.finish(next_attempt_at=next_night(at))
