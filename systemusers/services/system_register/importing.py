"""Take over systems that the vendor has in Altinn already. Everything is stored as it is; nothing is written to Altinn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.gateways.altinn import RegisteredSystem
from systemusers.models import MaskinportenClient, SigningKey, System
from systemusers.services.remote import system_register
from systemusers.services.system_register.checks import SystemProblems
from systemusers.services.system_register.entry import SCOPE, DeletedInAltinn, columns_of, fetch
from systemusers.services.tokens import vendor_token

LONGEST = 1000
"""Characters of a name. Altinn has no limit."""


@dataclass(frozen=True)
class Found:
    """A system in the register, and our row of it if there is one. `is_known`: nothing is left to take over."""

    theirs: RegisteredSystem
    row: System | None

    @property
    def is_known(self) -> bool:
        return self.row is not None and self.row.status != System.Status.DRAFT


def clients_for_register(environment: Environment | str) -> list[MaskinportenClient]:
    """Those of ours that want the scope of the register and have a key to sign with."""
    rows = MaskinportenClient.objects.filter(environment=environment, keys__status=SigningKey.Status.ACTIVE).order_by(
        "name"
    )
    return [row for row in rows if SCOPE in row.scopes]


def list_systems(*, client: MaskinportenClient, by: str, at: datetime) -> list[Found]:
    """What the register has for the vendor, each with all of it, but for deleted ones. Raises NoKey and the gateways' errors."""
    record(by=by, at=at, target=client, what=AuditType.READ_REGISTER)
    token = vendor_token(client=client, scopes=(SCOPE,), at=at)
    register = system_register(client.environment)
    listed = [register.get(short.system_id, token=token) for short in register.list(token=token)]
    rows = {row.system_id: row for row in System.objects.filter(environment=client.environment)}
    return [Found(theirs, rows.get(theirs.system_id)) for theirs in listed]


def find_system(*, client: MaskinportenClient, system_id: str, by: str, at: datetime) -> Found:
    """One of them. Raises NotInAltinn, OwnedByAnother, DeletedInAltinn, NoKey and the gateways' errors."""
    record(by=by, at=at, target=client, what=AuditType.READ_REGISTER, system_id=system_id)
    theirs = fetch(environment=client.environment, client=client, system_id=system_id, at=at)
    if theirs.is_deleted:
        raise DeletedInAltinn(system_id)
    row = System.objects.filter(environment=client.environment, system_id=system_id).first()
    return Found(theirs, row)


def import_system(
    *, client: MaskinportenClient, signing: MaskinportenClient, system_id: str, by: str, at: datetime
) -> System:
    """A registered row of a system that we have no row of. `client` asks the register, `signing` signs for the customers.

    Raises SystemProblems, and what `find_system` raises; nothing is stored then.
    """
    theirs = find_system(client=client, system_id=system_id, by=by, at=at).theirs
    _check(theirs, client, signing)
    row = System(
        environment=client.environment, system_id=theirs.system_id, client=signing, status=System.Status.REGISTERED,
        admin_client=None if client == signing else client, entry=theirs.raw, registered_at=at, compared_at=at,
        **columns_of(theirs),
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            kept = {"client_id": signing.client_id, "rights": row.rights, "packages": row.packages}
            record(by=by, at=at, target=row, what=AuditType.ADDED, system_id=row.system_id, **kept)
    except IntegrityError:
        raise SystemProblems({"": [_("Systemet er tatt over allerede. Åpne det under Systemer.")]}) from None
    return row


def _check(theirs: RegisteredSystem, client: MaskinportenClient, signing: MaskinportenClient) -> None:
    problems: dict[str, list[str]] = {}
    if signing.environment != client.environment or signing.orgnr != theirs.vendor_orgnr:
        problems["signing"] = [_("Klienten har en annen eier. Velg en av klientene til den som eier systemet.")]
    if any(len(name) > LONGEST for name in theirs.name.values()):
        problems[""] = [_("Et navn i Altinn er lengre enn portalen kan lagre.")]
    if problems:
        raise SystemProblems(problems)


def suggest_signing(theirs: RegisteredSystem, *, environment: Environment | str) -> MaskinportenClient | None:
    """The client of ours that Altinn ties to the system and that has a key; the one with the newest use first."""
    ours = MaskinportenClient.objects.filter(environment=environment, client_id__in=theirs.client_ids)
    with_key = ours.filter(keys__status=SigningKey.Status.ACTIVE).order_by("-keys__last_used_at", "pk")
    return with_key.first() or ours.first()
