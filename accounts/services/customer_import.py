"""Synthetic customers from a list, in the environments for trying: a verdict on each row first, then all in one transaction."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from django.db import models, transaction
from django.utils.translation import gettext_lazy as lazy

from accounts.models import Customer
from accounts.services.customer_list import CustomerList, Line, hidden
from accounts.services.customers import add_customers, vendor_orgnr
from accounts.services.orgnr import SYNTHETIC, BadOrgnr, check_environment, read_orgnr
from portal.core.audit import record
from portal.core.audit_changes import changes
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.core.masking import masked

COLUMNS = ("orgnr", "name", "approver", "role")


class OnlyForTests(Exception):
    """Production has no customers from a list of Tenor."""


class Verdict(models.TextChoices):
    NEW = "NEW", lazy("Ny")
    KNOWN = "KNOWN", lazy("Er kunde")
    APPROVER = "APPROVER", lazy("Er kunde, får godkjenner")
    INVALID = "INVALID", lazy("Ugyldig nummer")
    REAL = "REAL", lazy("Ekte virksomhet")
    TWICE = "TWICE", lazy("To ganger i listen")


@dataclass(frozen=True)
class Row:
    """A line with its verdict. `orgnr` is what is shown and stored: an identity number in it is hidden."""

    line: Line
    verdict: Verdict
    orgnr: str
    reason: str = ""

    @property
    def approver(self) -> str:
        """The person who approves, with the role: as stored on the customer."""
        name, role = self.line.approver, self.line.role
        return (f"{name} ({role})" if name and role else name)[:200]

    @property
    def is_used(self) -> bool:
        return self.verdict in (Verdict.NEW, Verdict.APPROVER)

    @property
    def colour(self) -> str:
        wrong = self.verdict in (Verdict.INVALID, Verdict.REAL)
        return "danger" if wrong else "success" if self.is_used else "neutral"


def judge(customers: CustomerList, *, environment: str) -> list[Row]:
    """Each row of the list with its verdict, in its order. Two queries. Raises OnlyForTests."""
    if environment == Environment.PRODUCTION:
        raise OnlyForTests
    vendor = vendor_orgnr()
    rows = [_read(line, environment, vendor) for line in customers.lines]
    numbers = [row.orgnr for row in rows if row.verdict == Verdict.NEW]
    known = Customer.objects.filter(environment=environment, orgnr__in=numbers)
    approvers = dict(known.values_list("orgnr", "test_approver"))
    seen: set[str] = set()
    judged = []
    for row in rows:
        judged.append(_against(row, approvers, seen) if row.verdict == Verdict.NEW else row)
        seen.add(row.orgnr)
    return judged


def _read(line: Line, environment: str, vendor: str) -> Row:
    shown = hidden(line.orgnr)
    try:
        number = read_orgnr(line.orgnr)
    except BadOrgnr as error:
        return Row(line, Verdict.INVALID, shown, str(error))
    try:
        check_environment(number, environment=environment, vendor_orgnr=vendor)
    except BadOrgnr as error:
        is_synthetic = number[0] in SYNTHETIC
        return Row(line, Verdict.INVALID if is_synthetic else Verdict.REAL, number, str(error))
    return Row(line, Verdict.NEW, number)


def _against(row: Row, approvers: dict[str, str], seen: set[str]) -> Row:
    if row.orgnr in seen:
        return Row(row.line, Verdict.TWICE, row.orgnr)
    if row.orgnr not in approvers:
        return row
    is_other = row.approver not in ("", approvers[row.orgnr])
    return Row(row.line, Verdict.APPROVER if is_other else Verdict.KNOWN, row.orgnr)


def counted(rows: list[Row]) -> list[tuple[str, int]]:
    """How many rows have each verdict, without those that none has: (label, number)."""
    numbers = Counter(row.verdict for row in rows)
    return [(str(verdict.label), numbers[verdict]) for verdict in Verdict if numbers[verdict]]


def as_text(rows: list[Row]) -> str:
    """The rows that are used, as a list that `read_list` reads back: what the page of verdicts sends on."""
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";", lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([row.orgnr, row.line.name, row.line.approver, row.line.role] for row in rows if row.is_used)
    return stream.getvalue()


def store(rows: list[Row], *, environment: str, by: str, at: datetime) -> tuple[int, int]:
    """Make the new customers and write the approvers. Returns how many were made, and how many known ones got an approver.

    Raises OnlyForTests.
    """
    if environment == Environment.PRODUCTION:
        raise OnlyForTests
    new = [row for row in rows if row.verdict == Verdict.NEW]
    with transaction.atomic():
        names = {row.orgnr: row.line.name for row in new}
        units = dict.fromkeys(names)
        made = add_customers(environment=environment, units=units, names=names, by=by, at=at)
        approvers = {row.orgnr: row.approver for row in rows if row.is_used and row.approver}
        written = _write_approvers(approvers, environment=environment, by=by, at=at)
    return made, len(written - set(names))


def _write_approvers(approvers: dict[str, str], *, environment: str, by: str, at: datetime) -> set[str]:
    """Returns the numbers of the customers that were changed."""
    found = Customer.objects.select_for_update(of=("self",)).filter(environment=environment, orgnr__in=approvers)
    changed = [row for row in found.order_by("pk") if row.test_approver != approvers[row.orgnr]]
    for row in changed:
        old, row.test_approver = row.test_approver, approvers[row.orgnr]
        edits = changes(
            old={"test_approver": old}, new={"test_approver": row.test_approver}, masks={"test_approver": masked}
        )
        record(by=by, at=at, target=row, what=AuditType.EDITED, customer_id=row.pk, changes=edits)
    Customer.objects.bulk_update(changed, ["test_approver"])
    return {row.orgnr for row in changed}
