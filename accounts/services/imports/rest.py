"""The rows that are not taken in, to correct and bring again: the columns of the file, with the verdict and the reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import CustomerImport, CustomerImportRow, Portfolio, User
from accounts.services.customer_filter import workers
from accounts.services.imports.columns import PRIVATE, hidden
from accounts.services.imports.reading import read_table
from accounts.services.imports.texts import explanation
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.masking import HIDDEN, without_identity_numbers
from portal.core.spreadsheet import as_csv, plain

V, R = CustomerImportRow.Verdict, CustomerImportRow.State


def rest_of(row: CustomerImport) -> QuerySet[CustomerImportRow]:
    """Neither taken in nor known as they are."""
    used = [*CustomerImportRow.TAKEN, *row.extra, V.KNOWN, V.WAITING]
    return row.rows.exclude(verdict__in=used)


def as_list(*, row: CustomerImport, user: User, at: datetime) -> bytes:
    """A CSV file: one line for each row that is not taken in."""
    rest = {each.number: each for each in rest_of(row)}
    with transaction.atomic():
        record(by=user.actor, at=at, target=row, what=AuditType.REST_FETCHED, number=len(rest))
    headings = row.headings or [_("Kolonne %(number)s") % {"number": at + 1} for at in range(len(row.columns))]
    header = [*map(plain, headings), _("Rad"), _("Vurdering"), _("Grunn")]
    return as_csv(header, _lines(row, rest))


def _lines(row: CustomerImport, rest: dict[int, CustomerImportRow]) -> Iterator[list[str]]:
    portfolios = dict(Portfolio.objects.values_list("pk", "name"))
    people = dict(workers(row.environment).values_list("pk", "name"))
    for number, cells in read_table(bytes(row.content)).rows:
        if number in rest:
            each = rest[number]
            padded = [*cells, *[""] * (len(row.columns) - len(cells))]
            shown = [_shown(cell, field) for cell, field in zip(padded, row.columns, strict=False)]
            reason = explanation(each, environment=row.environment, portfolios=portfolios, people=people)
            yield [*shown, str(number), each.get_verdict_display(), reason]


def _shown(cell: str, field: str) -> str:
    if field == PRIVATE:
        return HIDDEN if cell else ""
    return without_identity_numbers(cell) if field == "contact_phone" else hidden(cell)
