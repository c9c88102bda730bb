"""What a person does with an import: brings the file, changes the columns, confirms, undoes and discards. A worker does the rest."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.models import CustomerImport, CustomerImportRow, Portfolio, User
from accounts.services.imports.columns import PRIVATE, UNUSED, fields_in, guess
from accounts.services.imports.reading import read_table
from accounts.services.imports.storing import taken
from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.core.states import LostRace

S = CustomerImport.Status


class NoRows(Exception):
    """The file has no rows but headings."""


class HasChanged(Exception):
    """What would be stored is not what the person was shown."""


class NoNumbers(Exception):
    """No column is the one with organisation numbers."""


def begin(
    *,
    user: User,
    environment: Environment,
    filename: str,
    content: bytes,
    at: datetime,
    looks_up: bool = True,
    portfolio: Portfolio | None = None,
) -> CustomerImport:
    """A new import of the file. It waits for a person when no column has numbers. Raises NoRows, TooManyRows, Unreadable."""
    table = read_table(content)
    columns = guess(table, environment=environment, portfolios=Portfolio.objects.values_list("name", flat=True))
    total = len(table.rows) - columns.has_headings
    if total <= 0:
        raise NoRows
    is_clear = "orgnr" in columns.fields
    with transaction.atomic():
        row = CustomerImport.objects.create(
            environment=environment, owner=user, filename=filename[:200], content=content, sheet=table.sheet[:100],
            headings=columns.headings, columns=columns.fields, total=total, looks_up=looks_up, portfolio=portfolio,
            created_at=at, touched_at=at, status_at=at, status=S.CHECKING if is_clear else S.PREVIEW,
            next_attempt_at=at if is_clear else None,
        )  # fmt: skip
        record(by=user.actor, at=at, target=row, what=AuditType.FILES_ADDED, files=1)
    return row


def set_columns(*, row: CustomerImport, fields: list[str], by: str, at: datetime) -> None:
    """Judge the rows again with these fields. Those that nobody may choose stay as they are. Raises NoNumbers, HasChanged, LostRace."""
    if row.status != S.PREVIEW or len(fields) != len(row.columns):
        raise HasChanged(f"import {row.pk} is {row.status}")
    allowed = {*fields_in(row.environment), UNUSED}
    chosen = [
        now if now == PRIVATE or new not in allowed else new for now, new in zip(row.columns, fields, strict=True)
    ]
    used = [field for field in chosen if field not in (UNUSED, PRIVATE)]
    if "orgnr" not in used or len(set(used)) != len(used):
        raise NoNumbers
    row.move_to(S.CHECKING, by=by, at=at, columns=chosen, is_judged=False, next_attempt_at=at, touched_at=at)


def stop_looking_up(*, row: CustomerImport, at: datetime) -> None:
    """The rows that wait for the register are taken as they are. They are looked up later, as every customer is."""
    CustomerImport.objects.filter(pk=row.pk, status=S.CHECKING).update(looks_up=False, failures=0, problem_code="")
    lease.make_due(CustomerImport.objects.filter(pk=row.pk, status=S.CHECKING), at=at)


def take_extra(*, row: CustomerImport, verdicts: Collection[str], at: datetime) -> None:
    """Which of the remarked rows are taken in although they are. Raises LostRace when it is confirmed already."""
    extra = [verdict for verdict in CustomerImportRow.OPTIONAL if verdict in verdicts]
    if not CustomerImport.objects.filter(pk=row.pk, status=S.PREVIEW).update(extra=extra, touched_at=at):
        raise LostRace(f"import {row.pk} is confirmed already")


def token_of(row: CustomerImport) -> str:
    """Bound to what a person sees on the page of confirmation: these verdicts and these choices."""
    return f"{row.status_at.timestamp()}-{'-'.join(row.extra)}"


def confirm(*, row: CustomerImport, user: User, shown: str, at: datetime) -> None:
    """Let a worker store the rows that are taken in. `shown`: the token that the person saw. Raises HasChanged, LostRace."""
    if row.status != S.PREVIEW or shown != token_of(row) or not taken(row).exists():
        raise HasChanged(f"import {row.pk} is not as it was shown")
    row.move_to(S.STORING, by=user.actor, at=at, ordered_by=user, next_attempt_at=at, touched_at=at)


def undo(*, row: CustomerImport, user: User, at: datetime) -> None:
    """Let a worker take back what nobody has used. Raises HasChanged, LostRace."""
    if row.status != S.DONE:
        raise HasChanged(f"import {row.pk} is {row.status}")
    row.move_to(S.UNDOING, by=user.actor, at=at, ordered_by=user, next_attempt_at=at, touched_at=at)


def discard(*, row: CustomerImport, by: str, at: datetime) -> None:
    """Delete the file and its rows. Customers that were made of it stay. Raises LostRace while it is stored or undone."""
    with transaction.atomic():
        now = CustomerImport.objects.select_for_update(of=("self",)).filter(pk=row.pk).first()
        if now is None:
            return
        if now.status in (S.STORING, S.UNDOING):
            raise LostRace(f"import {row.pk} is being worked on")
        record(by=by, at=at, target=now, what=AuditType.DELETED)
        now.delete()
