"""Asks the business register about the new numbers of an import, a hundred at a time, and corrects their verdicts."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from accounts.models import CustomerImport, CustomerImportRow
from accounts.services.business_register import LookUp, Outcome, enhetsregisteret, look_up
from portal.core.bulk import write_columns
from portal.core.lease import Hold
from portal.core.side_by_side import side_by_side
from portal.gateways.enhetsregisteret import MOST_NUMBERS, UnitJson
from portal.gateways.errors import Unavailable

V = CustomerImportRow.Verdict
AT_ONCE = 8
"""Calls to the register at the same time, for numbers that its search does not list."""


def step(hold: Hold[CustomerImport]) -> bool:
    """One batch. False when none waits. Raises LostRace and the gateways' errors."""
    waiting = hold.row.rows.filter(verdict=V.WAITING)
    if not CustomerImport.objects.filter(pk=hold.row.pk, looks_up=True).exists():
        with transaction.atomic():
            hold.lock()
            waiting.update(verdict=V.NEW)
        return False
    rows = list(waiting.order_by("number")[:MOST_NUMBERS])
    if rows:
        _look_up(hold, rows)
    return bool(rows)


def _look_up(hold: Hold[CustomerImport], rows: list[CustomerImportRow]) -> None:
    """The search lists no deleted and removed units: those that it does not list are asked for one by one."""
    units = {unit.orgnr: unit for unit in enhetsregisteret(hold.row.environment).units([row.orgnr for row in rows])}
    listed = [row for row in rows if row.orgnr in units]
    for row in listed:
        _answer(row, units[row.orgnr].as_json())
    _store(hold, listed)
    _look_up_alone(hold, [row for row in rows if row.orgnr not in units])


def _look_up_alone(hold: Hold[CustomerImport], rows: list[CustomerImportRow]) -> None:
    """A few at once. What was answered is stored. Raises Unavailable when one had no answer."""
    hold.renew()
    ask = partial(_outcome, environment=hold.row.environment)
    done = [pair for group in side_by_side(ask, rows, threads=AT_ONCE) for pair in group]
    answered = [(row, answer) for row, answer in done if answer.outcome != Outcome.UNAVAILABLE]
    for row, answer in answered:
        if answer.outcome == Outcome.FOUND:
            _answer(row, answer.as_json())
        else:
            row.verdict = V.NEW if answer.outcome == Outcome.SYNTHETIC else V.UNLISTED
    _store(hold, [row for row, _answer in answered])
    if len(answered) < len(rows):
        raise Unavailable("the business register did not answer")


def _outcome(row: CustomerImportRow, *, environment: str) -> LookUp:
    return look_up(environment=environment, orgnr=row.orgnr)


def _answer(row: CustomerImportRow, unit: UnitJson) -> None:
    row.unit = unit
    if unit.get("is_deleted") or unit.get("is_hidden"):
        row.verdict = V.DELETED
    elif unit.get("main_unit"):
        row.verdict = V.SUB_UNIT
    else:
        row.verdict = V.BANKRUPT if unit.get("is_bankrupt") else V.NEW


def _store(hold: Hold[CustomerImport], rows: list[CustomerImportRow]) -> None:
    with transaction.atomic():
        hold.lock()
        write_columns(rows, "verdict", "unit")
