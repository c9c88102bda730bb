"""Customers as another system has them: made or changed by number, many at once, with a verdict for each.

A field that is not given stays as it is. A customer that exists and that the caller does not see is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import Customer, CustomerQuerySet, Portfolio
from accounts.services.customers import MASKS, Details, vendor_orgnr
from accounts.services.orgnr import BadOrgnr, check_environment, read_orgnr
from portal.core.audit import event, record_all
from portal.core.audit_changes import changes, values_of
from portal.core.audit_events import AuditType

ATTEMPTS = 3
"""Times that it begins anew, because somebody else made one of the customers in between."""


class Outcome(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True)
class Wanted:
    """`fields` are columns of Customer with their values, but for `portfolio`: the name of one."""

    orgnr: str
    fields: Mapping[str, Any]


@dataclass(frozen=True)
class Verdict:
    """`code` and `text` say why it was refused."""

    orgnr: str
    outcome: Outcome
    code: str = ""
    text: str = ""
    customer: Customer | None = None


def upsert(
    *, environment: str, wanted: Sequence[Wanted], visible: CustomerQuerySet, own: Sequence[Portfolio] | None,
    by: str, at: datetime,
) -> list[Verdict]:  # fmt: skip
    """In the order of `wanted`. `visible`: the customers that the caller sees; `own`: its portfolios, None when it sees all.

    A new customer of a caller with one portfolio goes into that.
    """
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _Batch(
                    environment=environment, wanted=wanted, visible=visible, own=own, by=by, at=at
                ).carry_out()
        except IntegrityError:
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("the loop returns or raises")


@dataclass
class _Batch:
    environment: str
    wanted: Sequence[Wanted]
    visible: CustomerQuerySet
    own: Sequence[Portfolio] | None
    by: str
    at: datetime
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    portfolios: dict[str, Portfolio] = field(default_factory=dict)

    def carry_out(self) -> list[Verdict]:
        numbers = self._numbers()
        self.portfolios = {each.name: each for each in (Portfolio.objects.all() if self.own is None else self.own)}
        rows = Customer.objects.filter(environment=self.environment, orgnr__in=numbers.values())
        known = {row.orgnr: row for row in rows.select_for_update(of=("self",), no_key=True).order_by("pk")}
        seen = set(self.visible.filter(pk__in=[row.pk for row in known.values()]).values_list("pk", flat=True))
        new: dict[int, Customer] = {}
        changed: list[tuple[Customer, dict[str, Any]]] = []
        for index, number in numbers.items():
            row = known.get(number)
            if row is not None and row.pk not in seen:
                self._refuse(index, "CUSTOMER_OF_OTHERS", _("Kunden hører til en portefølje som du ikke ser."))
                continue
            fields = self._fields(index, is_new=row is None)
            if fields is None:
                continue
            if row is None:
                new[index] = Customer(environment=self.environment, orgnr=number, **fields)
            else:
                self._change(index, row, fields, changed)
        self._store_new(new)
        self._store_changed(changed)
        return [self.verdicts[index] for index in range(len(self.wanted))]

    def _numbers(self) -> dict[int, str]:
        """The readable numbers by their place; the others are refused."""
        vendor, numbers = vendor_orgnr(), dict[int, str]()
        taken: set[str] = set()
        for index, one in enumerate(self.wanted):
            try:
                number = read_orgnr(one.orgnr)
                check_environment(number, environment=self.environment, vendor_orgnr=vendor)
            except BadOrgnr as error:
                self._refuse(index, "BAD_ORGNR", str(error))
                continue
            if number in taken:
                self._refuse(index, "TWICE", _("Nummeret står mer enn én gang. Den første raden gjelder."))
                continue
            taken.add(number)
            numbers[index] = number
        return numbers

    def _fields(self, index: int, *, is_new: bool) -> dict[str, Any] | None:
        """The columns to write; None when the row was refused."""
        fields = dict(self.wanted[index].fields)
        if not fields.get("name", not is_new):
            self._refuse(index, "NAME_MISSING", _("En kunde må ha et navn."))
            return None
        if "portfolio" in fields:
            if fields["portfolio"] not in self.portfolios:
                self._refuse(index, "PORTFOLIO_UNKNOWN", _("Porteføljen finnes ikke, eller du ser den ikke."))
                return None
            fields["portfolio"] = self.portfolios[fields["portfolio"]]
        elif is_new and self.own is not None:
            if len(self.own) != 1:
                self._refuse(index, "PORTFOLIO_MISSING", _("Oppgi hvilken portefølje kunden hører til."))
                return None
            fields["portfolio"] = self.own[0]
        return fields

    def _refuse(self, index: int, code: str, text: str) -> None:
        self.verdicts[index] = Verdict(self.wanted[index].orgnr, Outcome.REFUSED, code, text)

    def _change(
        self, index: int, row: Customer, fields: dict[str, Any], changed: list[tuple[Customer, dict[str, Any]]]
    ) -> None:
        edits = changes(old=values_of(row, fields), new=fields, masks=MASKS)
        for name in edits:
            setattr(row, name, fields[name])
        if edits:
            changed.append((row, edits))
        outcome = Outcome.CHANGED if edits else Outcome.UNCHANGED
        self.verdicts[index] = Verdict(row.orgnr, outcome, customer=row)

    def _store_new(self, new: dict[int, Customer]) -> None:
        Customer.objects.bulk_create(new.values(), batch_size=1_000)
        empty = Details(name="").as_fields()
        record_all(
            event(
                by=self.by, at=self.at, target=row, what=AuditType.ADDED, customer_id=row.pk, orgnr=row.orgnr,
                changes=changes(old={}, new=values_of(row, empty), masks=MASKS),
            )
            for row in new.values()
        )  # fmt: skip
        for index, row in new.items():
            self.verdicts[index] = Verdict(row.orgnr, Outcome.CREATED, customer=row)

    def _store_changed(self, changed: list[tuple[Customer, dict[str, Any]]]) -> None:
        names = sorted({name for _row, edits in changed for name in edits})
        if not changed:
            return
        Customer.objects.bulk_update([row for row, _edits in changed], names, batch_size=1_000)
        what = AuditType.EDITED
        record_all(
            event(by=self.by, at=self.at, target=row, what=what, customer_id=row.pk, changes=edits)
            for row, edits in changed
        )
