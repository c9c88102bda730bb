"""The calls that change the register: register, update, delete. Each call and its result are
recorded in the audit trail.

Ids can never be reused, and a deleted system stops every customer's token: deletion requires typing the id.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import Enum

from django.db import transaction
from django.utils.translation import gettext as _

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.explain import explain
from portal.gateways.altinn import RegisteredSystem
from portal.gateways.errors import Detail, GatewayError, Refused
from systemusers.models import System
from systemusers.services.keys import NoKey
from systemusers.services.remote import system_register
from systemusers.services.system_register.checks import SystemProblems, check_system
from systemusers.services.tokens import vendor_token

SCOPE = "altinn:authentication/systemregister.write"
TAKEN = "AUTH.VLD-00002"
FIELDS = {
    "AUTH.VLD-00000": "client", "AUTH.VLD-00001": "system_id", "AUTH.VLD-00002": "system_id", "AUTH.VLD-00003": "rights",
    "AUTH.VLD-00004": "client", "AUTH.VLD-00005": "redirect_urls", "AUTH.VLD-00006": "rights",
    "AUTH.VLD-00007": "packages", "AUTH.VLD-00008": "packages", "AUTH.VLD-00009": "rights", "AUTH.VLD-00011": "client",
    "AUTH.VLD-00012": "system_id", "AUTH.VLD-00013": "system_id", "AUTH.VLD-00017": "rights", "AUTH.VLD-00018": "is_visible",
}  # fmt: skip


class Pushed(Enum):
    REGISTERED = "REGISTERED"
    ADOPTED = "ADOPTED"


class NotConfirmed(Exception):
    """The typed system id is not this system's."""


def remote_form(system: System) -> RegisteredSystem:
    """The system as sent to Altinn."""
    return RegisteredSystem(
        system_id=system.system_id,
        vendor_orgnr=system.client.orgnr,
        name=system.names,
        description=system.descriptions,
        rights=tuple(system.rights),
        packages=tuple(system.packages),
        client_ids=tuple(system.client_ids),
        redirect_urls=tuple(system.redirect_urls),
        is_visible=system.is_visible,
    )


@contextmanager
def _answer_to(act: str, system: System, *, by: str, at: datetime) -> Iterator[None]:
    """Record the intent before the call; after it `<act>:refused` with codes, `:unanswered`, or `:done`."""
    record(by=by, at=at, target=system, what=AuditType(act), system_id=system.system_id)
    try:
        yield
    except (SystemProblems, Refused) as error:
        refusal = error if isinstance(error, Refused) else error.__cause__
        record(by=by, at=at, target=system, what=AuditType(f"{act}:refused"), codes=_codes(refusal))
        raise
    except NoKey:
        record(by=by, at=at, target=system, what=AuditType(f"{act}:refused"), codes=["NO_KEY"])
        raise
    except GatewayError:
        record(by=by, at=at, target=system, what=AuditType(f"{act}:unanswered"))
        raise
    record(by=by, at=at, target=system, what=AuditType(f"{act}:done"))


def _codes(error: BaseException | None) -> list[str]:
    if not isinstance(error, Refused):
        return []
    return list(dict.fromkeys(d.code for d in error.details)) or [error.code or f"HTTP-{error.status}"]


def register_system(*, system: System, by: str, at: datetime) -> Pushed:
    """DRAFT -> REGISTERED. When Altinn has the id already (an answer was lost), the system is updated: ADOPTED.

    Raises SystemProblems, NoKey, LostRace and the gateways' errors; nothing changes here then, and it may be repeated.
    """
    check_system(system)
    with _answer_to("register", system, by=by, at=at):
        outcome = _register(system, _token(system, at))
    system.move_to(System.Status.REGISTERED, by=by, at=at, registered_at=at, pushed_at=at, drift=[])
    return outcome


def _register(system: System, token: str) -> Pushed:
    try:
        system_register(system.environment).register(remote_form(system), token=token)
    except Refused as error:
        if not _is_taken(error):
            raise _problems(error) from error
        _adopt(system, token)
        return Pushed.ADOPTED
    return Pushed.REGISTERED


def _token(system: System, at: datetime) -> str:
    return vendor_token(client=system.own_client, scopes=(SCOPE,), at=at)


def _is_taken(error: Refused) -> bool:
    codes = {detail.code for detail in error.details} or {error.code}
    return codes in ({TAKEN}, {TAKEN, "AUTH.VLD-00004"})  # the client is then tied to that very system


def _adopt(system: System, token: str) -> None:
    """The id begins with our own number, so the system is ours; the id of a deleted one cannot be used again."""
    register = system_register(system.environment)
    try:
        if register.get(system.system_id, token=token).is_deleted:
            text = _("System-id-en er brukt av et slettet system og kan aldri brukes igjen. Velg en annen id.")
            raise SystemProblems({"system_id": [text]})
        register.update(remote_form(system), token=token)
    except Refused as error:
        raise _problems(error) from error


def update_system(*, system: System, by: str, at: datetime) -> None:
    """Replace what Altinn has with what we have. Raises SystemProblems, NoKey and the gateways' errors."""
    check_system(system)
    with _answer_to("update", system, by=by, at=at):
        try:
            system_register(system.environment).update(remote_form(system), token=_token(system, at))
        except Refused as error:
            raise _problems(error) from error
    _note_push(system, at)


def _note_push(system: System, at: datetime) -> None:
    """Clear the drift only when the row was not changed during the call."""
    sent = remote_form(system)
    with transaction.atomic():
        row = System.objects.select_for_update().select_related("client").get(pk=system.pk)
        row.pushed_at = at
        if remote_form(row) == sent:
            row.drift = []
        row.save(update_fields=["pushed_at", "drift"])
    system.pushed_at, system.drift = row.pushed_at, row.drift


def delete_system(*, system: System, typed: str, by: str, at: datetime) -> None:
    """REGISTERED -> DELETED, for all customers; cannot be undone. `typed` must be the system id.

    Raises NotConfirmed, NoKey, LostRace and the gateways' errors.
    """
    if typed.strip() != system.system_id:
        raise NotConfirmed
    with _answer_to("delete", system, by=by, at=at):
        register, token = system_register(system.environment), _token(system, at)
        try:
            register.delete(system.system_id, token=token)
        except Refused:
            if not register.get(system.system_id, token=token).is_deleted:
                raise
    system.move_to(System.Status.DELETED, by=by, at=at, drift=[])


def _problems(error: Refused) -> SystemProblems:
    """Altinn's errors as messages per field."""
    fields: dict[str, list[str]] = {}
    for detail in error.details or (Detail(error.code or f"HTTP-{error.status}"),):
        known = explain(detail.code)
        sentence = f"{known.title}. {known.how}" + (f" ({detail.given})" if detail.given else "")
        fields.setdefault(FIELDS.get(detail.code, ""), []).append(sentence)
    return SystemProblems(fields)
