"""Which customers a campaign is about: those of a filter, of an import, or of a list of numbers. Gives rows that are not stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.db.models import QuerySet

from accounts.models import Customer, CustomerImport, User
from accounts.services.customers import vendor_orgnr
from accounts.services.imports.columns import guess, has_identity_number
from accounts.services.imports.reading import read_table
from accounts.services.orgnr import SYNTHETIC, BadOrgnr, check_environment, read_orgnr
from portal.core.masking import without_identity_numbers
from systemusers.models import CampaignRow

V = CampaignRow.Verdict
Rows = list[CampaignRow]


class NoCustomers(Exception):
    """Nobody is chosen."""


class NoNumbers(Exception):
    """No column of the list has organisation numbers."""


def of_customers(customers: QuerySet[Customer]) -> Rows:
    """`customers`: those that the person sees, of one environment, in the order of the rows. Raises NoCustomers."""
    return _numbered(CampaignRow(customer_id=pk) for pk in customers.values_list("pk", flat=True))


def of_import(row: CustomerImport, *, user: User) -> Rows:
    """The customers that an import made, changed or met. Raises NoCustomers."""
    mine = Customer.objects.visible_to(user).filter(environment=row.environment)
    ids = row.stored().filter(customer__in=mine).values_list("customer", flat=True)
    return _numbered(CampaignRow(customer_id=pk) for pk in dict.fromkeys(ids) if pk is not None)


def of_list(content: bytes, *, environment: str, user: User) -> Rows:
    """One row for each of the list, those that cannot be asked among them. Raises NoCustomers, NoNumbers, TooManyRows, Unreadable."""
    table = read_table(content)
    columns = guess(table, environment=environment, portfolios=())
    body = table.rows[1:] if columns.has_headings else table.rows
    if body and "orgnr" not in columns.fields:
        raise NoNumbers
    at = columns.fields.index("orgnr") if body else 0
    cells = [row[at] if at < len(row) else "" for _number, row in body]
    return _numbered(_of_cells(cells, environment=environment, user=user))


def _numbered(rows: Iterable[CampaignRow]) -> Rows:
    made = list(rows)
    if not made:
        raise NoCustomers
    for number, row in enumerate(made, start=1):
        row.number = number
    return made


def _of_cells(cells: list[str], *, environment: str, user: User) -> Iterator[CampaignRow]:
    numbers = [_orgnr(cell) for cell in cells]
    own, seen = vendor_orgnr(), set[str]()
    found = Customer.objects.filter(environment=environment, orgnr__in=set(numbers)).order_by()
    known = dict(found.values_list("orgnr", "pk"))
    mine = set(found.visible_to(user).values_list("pk", flat=True))
    for cell, orgnr in zip(cells, numbers, strict=True):
        verdict = _of_number(cell, orgnr, environment=environment, own=own, seen=seen)
        pk = known.get(orgnr) if not verdict else None
        if not verdict and pk not in mine:
            verdict = V.UNKNOWN if pk is None else V.NOT_YOURS
        shown = orgnr or without_identity_numbers(cell)[:40]
        yield CampaignRow(customer_id=None if verdict else pk, shown=shown, verdict=verdict or V.WAITING)


def _orgnr(cell: str) -> str:
    """ "" when it cannot be read."""
    try:
        return read_orgnr(cell)
    except BadOrgnr:
        return ""


def _of_number(cell: str, orgnr: str, *, environment: str, own: str, seen: set[str]) -> str:
    """The verdict on the number itself; "" when it can be a customer."""
    if not orgnr:
        return V.IDENTITY if has_identity_number(cell) else V.INVALID
    if orgnr in seen:
        return V.TWICE
    seen.add(orgnr)
    try:
        check_environment(orgnr, environment=environment, vendor_orgnr=own)
    except BadOrgnr:
        return V.SYNTHETIC if orgnr[0] in SYNTHETIC else V.REAL
    return ""
