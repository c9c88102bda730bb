"""Register and delete a system. Each call and its result are recorded in the audit trail. Updates: see `settling`.

Ids can never be reused, and a deleted system stops every customer's token: deletion requires typing the id.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import Enum
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Proposal
from accounts.services import proposals
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.problems import code_of
from portal.explain import explain
from portal.gateways.errors import Detail, GatewayError, Refused
from systemusers.models import System
from systemusers.services.diagnosis import cause_of_refusal
from systemusers.services.keys import NoKey
from systemusers.services.remote import system_register
from systemusers.services.system_register.checks import SystemProblems, check_system
from systemusers.services.system_register.entry import (
    SCOPE,
    NotInAltinn,
    OwnedByAnother,
    columns,
    differences,
    fetch,
    remote_form,
)
from systemusers.services.tokens import vendor_token

TAKEN = "AUTH.VLD-00002"
FIELDS = {
    "AUTH.VLD-00000": "client", "AUTH.VLD-00001": "system_id", "AUTH.VLD-00002": "system_id", "AUTH.VLD-00003": "rights",
    "AUTH.VLD-00004": "client_ids", "AUTH.VLD-00005": "redirect_urls", "AUTH.VLD-00006": "rights",
    "AUTH.VLD-00007": "packages", "AUTH.VLD-00008": "packages", "AUTH.VLD-00009": "rights", "AUTH.VLD-00011": "client_ids",
    "AUTH.VLD-00012": "system_id", "AUTH.VLD-00013": "system_id", "AUTH.VLD-00017": "rights", "AUTH.VLD-00018": "is_visible",
}  # fmt: skip


class Pushed(Enum):
    REGISTERED = "REGISTERED"
    ADOPTED = "ADOPTED"


class IdTaken(Exception):
    """Altinn has a system with this id and other content. A person takes it over; nothing was written."""


class NotConfirmed(Exception):
    """The typed system id is not this system's."""


@contextmanager
def _answer_to(act: str, system: System, *, by: str, at: datetime) -> Iterator[None]:
    """Record the intent before the call, and the answer after it."""
    record(by=by, at=at, target=system, what=AuditType(act), system_id=system.system_id)
    with answered(act, system, by=by, at=at):
        yield


@contextmanager
def answered(act: str, system: System, *, by: str, at: datetime) -> Iterator[None]:
    """Around the call: record `<act>:refused` with codes, `:unanswered`, or `:done`. The intent was recorded before."""
    try:
        yield
    except (SystemProblems, Refused, IdTaken) as error:
        refusal = error if isinstance(error, Refused) else error.__cause__
        record(by=by, at=at, target=system, what=AuditType(f"{act}:refused"), codes=_codes(refusal))
        raise
    except NoKey as error:
        record(by=by, at=at, target=system, what=AuditType(f"{act}:refused"), codes=[code_of(error)])
        raise
    except GatewayError:
        record(by=by, at=at, target=system, what=AuditType(f"{act}:unanswered"))
        raise
    record(by=by, at=at, target=system, what=AuditType(f"{act}:done"))


def _codes(error: BaseException | None) -> list[str]:
    if not isinstance(error, Refused):
        return []
    return list(dict.fromkeys(d.code for d in error.details)) or [code_of(error)]


def register_system(*, system: System, by: str, at: datetime) -> Pushed:
    """DRAFT -> REGISTERED. An entry that exists is never written over: ADOPTED when it is the same, as after a lost answer.

    Raises IdTaken when Altinn has the id with something else, SystemProblems, NoKey, LostRace and the gateways' errors; nothing
    changes here then, and it may be repeated.
    """
    check_system(system)
    with _answer_to("register", system, by=by, at=at):
        outcome, entry = _register(system, at)
    system.move_to(System.Status.REGISTERED, by=by, at=at, registered_at=at, pushed_at=at, drift=[], entry=entry)
    return outcome


def _register(system: System, at: datetime) -> tuple[Pushed, dict[str, Any]]:
    ours, token = remote_form(system), _token(system, at)
    try:
        system_register(system.environment).register(ours, token=token)
    except Refused as error:
        if not _is_taken(error):
            told = _told(error, token, system)
            raise problems_of(told) from told
        return Pushed.ADOPTED, _same(system, at, error)
    return Pushed.REGISTERED, ours.as_json()


def _told(error: Refused, token: str, system: System) -> Refused:
    """A refusal with the code that its cause has: a 403 comes without one."""
    code = cause_of_refusal(error, token=token, scope=SCOPE, client=system.own_client)
    return error if error.code or error.details else Refused(str(error), status=error.status, code=code)


def _token(system: System, at: datetime) -> str:
    return vendor_token(client=system.own_client, scopes=(SCOPE,), at=at)


def _is_taken(error: Refused) -> bool:
    """Refused because of the id: also when its client ids are tied to that very system, or two asked at once (409)."""
    codes = {detail.code for detail in error.details} or {error.code}
    return TAKEN in codes or (error.status == 409 and not any(codes))


def _same(system: System, at: datetime, refusal: Refused) -> dict[str, Any]:
    """The entry that Altinn has, when it is what was to be registered."""
    try:
        theirs = fetch(environment=system.environment, client=system.own_client, system_id=system.system_id, at=at)
    except (NotInAltinn, OwnedByAnother):
        raise problems_of(refusal) from refusal
    if theirs.is_deleted:
        text = _("System-id-en er brukt av et slettet system og kan aldri brukes igjen. Velg en annen id.")
        raise SystemProblems({"system_id": [text]}) from refusal
    if differences(columns(system), theirs):
        raise IdTaken(system.system_id) from refusal
    return theirs.raw


def delete_system(*, system: System, typed: str, by: str, at: datetime, approved: Proposal | None = None) -> None:
    """REGISTERED -> DELETED, for all customers; cannot be undone. `typed` must be the system id.

    Raises NotConfirmed, NeedsSecondPerson, NoKey, LostRace and the gateways' errors.
    """
    if typed.strip() != system.system_id:
        raise NotConfirmed
    kind = Proposal.Kind.SYSTEM_DELETED
    proposals.check(kind, environment=system.environment, target=system, by=by, approved=approved)
    with _answer_to("delete", system, by=by, at=at):
        register, token = system_register(system.environment), _token(system, at)
        try:
            register.delete(system.system_id, token=token)
        except Refused:
            if not register.get(system.system_id, token=token).is_deleted:
                raise
    system.move_to(System.Status.DELETED, by=by, at=at, drift=[])


def problems_of(error: Refused) -> SystemProblems:
    """Altinn's errors as messages per field."""
    fields: dict[str, list[str]] = {}
    for detail in error.details or (Detail(code_of(error)),):
        known = explain(detail.code)
        sentence = f"{known.title}. {known.how}" + (f" ({detail.given})" if detail.given else "")
        fields.setdefault(FIELDS.get(detail.code, ""), []).append(sentence)
    return SystemProblems(fields)
