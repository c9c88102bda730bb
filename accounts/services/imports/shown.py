"""The page of an import: how far it is, its columns, how many rows have each verdict, and one page of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import Customer, CustomerImport, CustomerImportRow, Portfolio
from accounts.services.customer_filter import workers
from accounts.services.imports import linked
from accounts.services.imports.columns import PRIVATE, UNUSED, fields_in, hidden
from accounts.services.imports.reading import read_table
from accounts.services.imports.texts import explanation, name_of
from portal.core.masking import HIDDEN, without_identity_numbers
from portal.core.paging import CURSORS, Page, paginate
from portal.explain import Explanation, explain

V, S, R = CustomerImportRow.Verdict, CustomerImport.Status, CustomerImportRow.State
COLOURS = {
    "success": {V.NEW},
    "info": {V.CHANGED},
    "danger": {V.INVALID, V.IDENTITY, V.SYNTHETIC, V.REAL, V.DELETED},
    "warning": {V.SUB_UNIT, V.BANKRUPT, V.UNLISTED, V.PORTFOLIO, V.NOT_YOURS, V.VALUE, V.MEANWHILE},
}
TAKEN, LEFT = "taken", "left"
STEPS = [lazy("Fil"), lazy("Kolonner"), lazy("Se over"), lazy("Importert")]


@dataclass(frozen=True)
class Column:
    """A column of the file. `example`: what stands in its first row. `options`: (field, label, is chosen)."""

    index: int
    heading: str
    example: str
    options: tuple[tuple[str, str, bool], ...]


@dataclass(frozen=True)
class Row:
    number: int
    orgnr: str
    name: str
    reference: str
    portfolio: str
    label: str
    colour: str
    text: str
    state: str
    customer_id: int


@dataclass(frozen=True)
class Numbers:
    """How many rows have each verdict, and how many a worker has stored. `extra` are those of `verdicts` that may be ticked."""

    verdicts: dict[str, int]
    states: dict[str, int]
    taken: int
    left: int
    extra: tuple[tuple[str, str, int, bool], ...]

    @property
    def waiting(self) -> int:
        return self.verdicts.get(V.WAITING, 0)

    @property
    def stored(self) -> int:
        return sum(self.states.values()) - self.states.get("", 0)

    @property
    def made(self) -> int:
        return self.states.get(R.MADE, 0)

    @property
    def changed(self) -> int:
        return self.states.get(R.WRITTEN, 0)

    @property
    def undone(self) -> int:
        return self.states.get(R.UNDONE, 0)

    @property
    def kept(self) -> int:
        return self.states.get(R.KEPT, 0)

    def of(self, verdict: str) -> int:
        return self.verdicts.get(verdict, 0)


def numbers(row: CustomerImport) -> Numbers:
    """Two queries."""
    verdicts = _counted(row.rows.all(), "verdict")
    states = _counted(row.rows.all(), "state")
    used = {*CustomerImportRow.TAKEN, *row.extra}
    taken = sum(number for verdict, number in verdicts.items() if verdict in used)
    neither = verdicts.get(V.KNOWN, 0) + verdicts.get(V.WAITING, 0)
    extra = [(v, str(V(v).label), verdicts[v], v in row.extra) for v in CustomerImportRow.OPTIONAL if v in verdicts]
    return Numbers(verdicts, states, taken, sum(verdicts.values()) - taken - neither, tuple(extra))


def _counted(rows: QuerySet[CustomerImportRow], column: str) -> dict[str, int]:
    return dict(rows.order_by().values_list(column).annotate(n=Count("pk")))


def without_reports(row: CustomerImport) -> int:
    """Of how many of its customers nobody has said what they shall deliver: no deadline counts them. One query once it is done."""
    if row.status != row.Status.DONE:
        return 0
    stored = Customer.objects.filter(pk__in=row.stored().order_by().values("customer"))
    return linked.without(stored, "expected").count()


def stepper(row: CustomerImport) -> list[dict[str, Any]]:
    """As `components/stepper.html` reads it."""
    at = 3 if row.status not in (S.CHECKING, S.PREVIEW) else 2 if "orgnr" in row.columns else 1
    is_done = row.status in (S.DONE, S.UNDONE)
    return [
        {"label": label, "colour": "success" if n < at or is_done else "info" if n == at else "", "is_current": n == at}
        for n, label in enumerate(STEPS)
    ]


def problem(row: CustomerImport) -> Explanation | None:
    """Why the work stands still; None while it goes on."""
    return explain(row.problem_code) if row.problem_code and row.is_moving else None


def columns(row: CustomerImport) -> list[Column]:
    """Reads the file."""
    table = read_table(bytes(row.content))
    body = table.rows[1:] if row.headings else table.rows
    first = body[0][1] if body else []
    labels = {**fields_in(row.environment), UNUSED: _("Tas ikke med")}
    made = []
    for at, field in enumerate(row.columns):
        shown = {PRIVATE: _("Leses ikke: fødselsnummer")} if field == PRIVATE else labels
        options = tuple((code, label, code == field) for code, label in shown.items())
        example = HIDDEN if field == PRIVATE else _safe(first[at] if at < len(first) else "", field)
        heading = row.headings[at] if row.headings else _("Kolonne %(number)s") % {"number": at + 1}
        made.append(Column(at, heading, example, options))
    return made


def _safe(cell: str, field: str) -> str:
    return without_identity_numbers(cell) if field == "contact_phone" else hidden(cell)


def chips(row: CustomerImport, counted: Numbers, query: QueryDict) -> list[dict[str, Any]]:
    """For `components/chips.html`: all, those that are taken in, those to look at, then each verdict that a row has."""
    chosen = query.get("state", "")
    made = [("", _("Alle"), sum(counted.verdicts.values())), (TAKEN, _("Blir med"), counted.taken)]
    made.append((LEFT, _("Må ses på"), counted.left))
    made += [(v, str(V(v).label), counted.verdicts[v]) for v in V.values if v in counted.verdicts]
    return [
        {"label": label, "count": number, "query": _with(query, code), "is_current": code == chosen}
        for code, label, number in made
        if number or code in ("", chosen)
    ]


def _with(query: QueryDict, code: str) -> str:
    changed = query.copy()
    for name in CURSORS:
        changed.pop(name, None)
    changed["state"] = code
    return changed.urlencode()


def page(row: CustomerImport, query: QueryDict) -> Page[Row]:
    names = dict(Portfolio.objects.values_list("pk", "name"))
    people = dict(workers(row.environment).values_list("pk", "name"))
    found = paginate(row.rows.filter(_condition(row, query.get("state", ""))), query=query, order=("number",))
    return found.of(lambda each: _row(each, row, names, people))


def _condition(row: CustomerImport, state: str) -> Q:
    used = Q(verdict__in=[*CustomerImportRow.TAKEN, *row.extra])
    if state == TAKEN:
        return used
    if state == LEFT:
        return ~used & ~Q(verdict__in=[V.KNOWN, V.WAITING])
    return Q(verdict=state) if state in V.values else Q()


def _row(row: CustomerImportRow, its: CustomerImport, portfolios: dict[int, str], people: dict[int, str]) -> Row:
    chosen = row.values.get("portfolio_id", its.portfolio_id)
    return Row(
        number=row.number, orgnr=row.orgnr or row.shown, name=name_of(row), reference=row.values.get("reference", ""),
        portfolio=portfolios.get(chosen or 0, ""), label=row.get_verdict_display(),
        colour=next((colour for colour, verdicts in COLOURS.items() if row.verdict in verdicts), "neutral"),
        text="" if row.state and row.verdict == V.NEW else explanation(
            row, environment=its.environment, portfolios=portfolios, people=people),
        state=row.get_state_display(),
        customer_id=row.customer_id or 0,
    )  # fmt: skip
