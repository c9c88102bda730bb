"""The verdict on each row of a file, from the row, the customers there are and the portfolios. The register is asked later."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts.models import Customer, CustomerImport, CustomerImportRow, Portfolio, User
from accounts.services.business_register import can_be_known
from accounts.services.customers import vendor_orgnr
from accounts.services.imports import linked
from accounts.services.imports.columns import LANGUAGES, Columns, has_identity_number
from accounts.services.imports.linked import Linked, Values
from accounts.services.imports.reading import Cells, read_table
from accounts.services.imports.tagging import people
from accounts.services.orgnr import SYNTHETIC, BadOrgnr, check_environment, read_orgnr
from portal.core.bulk import insert_rows
from portal.core.environments import Environment
from portal.core.lease import Hold
from portal.core.masking import without_identity_numbers

V = CustomerImportRow.Verdict
TEXTS = ("name", "reference", "contact_name", "contact_email", "contact_phone", "test_approver")
LONGEST = {field.name: field.max_length or 0 for field in Customer._meta.concrete_fields}
KEPT = (
    "reference",
    "portfolio_id",
    "assignee_id",
    "language",
    "contact_name",
    "contact_email",
    "contact_phone",
    "test_approver",
)
"""The columns of a known customer that a row may change. Its name is the register's."""
PHONE = re.compile(r"\+?[\d ()/.-]{5,30}")
COLUMNS = (
    "customer_import_id",
    "number",
    "orgnr",
    "shown",
    "verdict",
    "code",
    "values",
    "old",
    "unit",
    "state",
    "customer_id",
)


@dataclass(frozen=True)
class Circumstances:
    """What a row is compared with. `mine`: the portfolios of a case worker, None for one who sees all.

    `linked`: those of the file's columns, each with what reads its cells.
    `seen`: the number of the row in which each organisation came first.
    """

    environment: str
    vendor: str
    portfolios: dict[str, int]
    people: dict[str, int]
    mine: frozenset[int] | None
    portfolio_id: int | None
    looks_up: bool
    linked: list[tuple[Linked, Callable[[str], Values | None]]]
    known: dict[str, dict[str, Any]] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)

    def is_mine(self, portfolio_id: int | None) -> bool:
        return self.mine is None or portfolio_id in self.mine


def judge(hold: Hold[CustomerImport]) -> None:
    """Read the file and store its rows, in place of those that there are. Raises LostRace, CannotDecrypt."""
    rows = list(rows_of(hold.row))
    with transaction.atomic():
        hold.lock()
        hold.row.rows.all().delete()
        insert_rows(rows, *COLUMNS)
        hold.write(is_judged=True, total=len(rows))


def rows_of(row: CustomerImport) -> Iterator[CustomerImportRow]:
    """The rows of the file with their verdicts, not stored."""
    columns = Columns(row.columns, row.headings)
    body = read_table(bytes(row.content)).rows[1 if columns.has_headings else 0 :]
    where = columns.where()
    numbers = [_orgnr(_cell(cells, where["orgnr"])) for _number, cells in body]
    circumstances = _circumstances(row, numbers)
    for orgnr, (number, cells) in zip(numbers, body, strict=True):
        picked = {name: cell for name, at in where.items() if (cell := _cell(cells, at))}
        yield _judge(CustomerImportRow(customer_import=row, number=number, orgnr=orgnr), picked, circumstances)


def portfolios_of(user: User | None, environment: str) -> frozenset[int] | None:
    """Into which portfolios a person may import: None for all of them, and none at all for one who may not."""
    if user is None or not user.within(environment).may_work:
        return frozenset()
    return None if user.within(environment).sees_all_customers else frozenset(user.portfolio_ids)


def _circumstances(row: CustomerImport, numbers: Iterable[str]) -> Circumstances:
    made = Circumstances(
        environment=row.environment,
        vendor=vendor_orgnr(),
        portfolios={name.casefold(): pk for pk, name in Portfolio.objects.values_list("pk", "name")},
        people=people(row.environment) if "assignee" in row.columns else {},
        mine=portfolios_of(row.owner, row.environment),
        portfolio_id=row.portfolio_id,
        looks_up=row.looks_up,
        linked=[(one, one.reader(Environment(row.environment))) for one in linked.find(row.columns)],
    )
    wanted = {number for number in numbers if number}
    found = Customer.objects.filter(environment=row.environment, orgnr__in=wanted).order_by()
    made.known.update({values["orgnr"]: values for values in found.values("pk", "orgnr", *KEPT)})
    side = linked.had([values["pk"] for values in made.known.values()], row.columns)
    for values in made.known.values():
        values |= {field: found.get(values["pk"], []) for field, found in side.items()}
    return made


def _cell(cells: Cells, at: int) -> str:
    return cells[at] if at < len(cells) else ""


def _orgnr(cell: str) -> str:
    """ "" when it cannot be read."""
    try:
        return read_orgnr(cell)
    except BadOrgnr:
        return ""


def _judge(row: CustomerImportRow, picked: dict[str, str], now: Circumstances) -> CustomerImportRow:
    if any(_is_private(name, cell) for name, cell in picked.items()):
        row.verdict, row.orgnr = V.IDENTITY, ""
        return row
    row.values = {name: picked[name][: LONGEST[name]] for name in ("name", "reference") if name in picked}
    row.verdict = _of_number(row, picked.get("orgnr", ""), now)
    if not row.verdict:
        row.verdict = _of_values(row, picked, now) or _against(row, now)
    return row


def _is_private(name: str, cell: str) -> bool:
    if name == "contact_phone":  # ten digits are a number with its country
        return len(cell) >= 11 and without_identity_numbers(cell) != cell
    return len(cell) >= 10 and has_identity_number(cell)


def _of_number(row: CustomerImportRow, cell: str, now: Circumstances) -> str:
    """The verdict on the number itself; "" when it can be used."""
    if not row.orgnr:
        row.shown = cell[:40]
        return V.INVALID
    if row.orgnr in now.seen:
        row.code = str(now.seen[row.orgnr])
        return V.TWICE
    now.seen[row.orgnr] = row.number
    try:
        check_environment(row.orgnr, environment=now.environment, vendor_orgnr=now.vendor)
    except BadOrgnr:
        return V.SYNTHETIC if row.orgnr[0] in SYNTHETIC else V.REAL
    return ""


def _of_values(row: CustomerImportRow, picked: dict[str, str], now: Circumstances) -> str:
    """Sets the values. The verdict when one of them cannot be stored, else ""."""
    values: dict[str, Any] = {name: picked[name] for name in TEXTS if name in picked}
    if approver := picked.get("approver"):
        values["test_approver"] = f"{approver} ({picked['role']})" if "role" in picked else approver
    row.values = values
    for name, value in values.items():
        if len(value) > LONGEST[name] or not _is_usable(name, value):
            row.code = name
            return V.VALUE
    if language := picked.get("language"):
        if language.casefold() not in LANGUAGES:
            row.code = "language"
            return V.VALUE
        values["language"] = LANGUAGES[language.casefold()]
    return _of_groups(row, picked, now) or _of_portfolio(row, picked.get("portfolio", ""), now)


def _of_groups(row: CustomerImportRow, picked: dict[str, str], now: Circumstances) -> str:
    """Who follows the customer up, and what is linked to it."""
    if name := picked.get("assignee", "").casefold():
        if name not in now.people:
            row.code = "assignee"
            return V.VALUE
        row.values["assignee_id"] = now.people[name]
    for one, read in now.linked:
        if one.field in picked and (values := read(picked[one.field])) is not None:
            row.values[one.field] = values
        elif one.field in picked:
            row.code = one.field
            return V.VALUE
    return ""


def _is_usable(name: str, value: str) -> bool:
    if name == "contact_phone":
        return PHONE.fullmatch(value) is not None
    if name == "contact_email":
        try:
            validate_email(value)
        except ValidationError:
            return False
    return True


def _of_portfolio(row: CustomerImportRow, name: str, now: Circumstances) -> str:
    if not name:
        return ""
    if name.casefold() not in now.portfolios:
        row.code = name[:30]
        return V.PORTFOLIO
    row.values["portfolio_id"] = now.portfolios[name.casefold()]
    return "" if now.is_mine(row.values["portfolio_id"]) else V.NOT_YOURS


def _against(row: CustomerImportRow, now: Circumstances) -> str:
    """Against the customers there are."""
    known = now.known.get(row.orgnr)
    if known is None:
        if not now.is_mine(row.values.get("portfolio_id", now.portfolio_id)):
            return V.NOT_YOURS
        asks = now.looks_up and can_be_known(environment=now.environment, orgnr=row.orgnr)
        return V.WAITING if asks else V.NEW
    if not now.is_mine(known["portfolio_id"]):
        return V.NOT_YOURS
    row.customer_id = known["pk"]
    fields = [one.field for one, _read in now.linked]
    for one, _read in now.linked:
        if one.field in row.values:
            row.values[one.field] = one.together(known[one.field], row.values[one.field])
    names = [name for name in (*KEPT, *fields) if name in row.values]
    row.old = {name: known[name] for name in names if row.values[name] != known[name]}
    return V.CHANGED if row.old else V.KNOWN
