"""`manage.py import_customers FILE`: takes in customers of a CSV file or a workbook, as the page *Importer kunder* does."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from accounts import tasks
from accounts.models import CustomerImport, CustomerImportRow, Portfolio
from accounts.services.customer_filter import workers
from accounts.services.imports import ordering, shown, storing
from accounts.services.imports.reading import MOST_ROWS, TooManyRows, Unreadable
from accounts.services.imports.texts import explanation
from portal.core.enqueue import enqueue_on_commit
from portal.core.states import LostRace
from portal.management.acting import ActingCommand, add_mass, refuse, wrong

S, V = CustomerImport.Status, CustomerImportRow.Verdict
LARGEST = 10 * 2**20


class Command(ActingCommand):
    is_new = False
    """Whether this run made the import."""
    help = "Imports customers. Rows that are known as they are change nothing, so the same file may be given again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)
        parser.add_argument("--portfolio", metavar="NAME", help="of new customers whose row names none")
        parser.add_argument("--without-look-up", action="store_true", help="do not ask the business register first")
        add_mass(parser)

    def act(self, *, file: Path, dry_run: bool, yes: int | None, wait: float, **options: Any) -> None:
        row = self._begin(file, self._portfolio(options["portfolio"]), looks_up=not options["without_look_up"])
        try:
            self.wait(lambda: self._status(row) != S.CHECKING, seconds=wait)
            row.refresh_from_db()
            counted = shown.numbers(row)
            is_over = dry_run or (row.status == S.PREVIEW and not counted.taken)
            if is_over and "orgnr" in row.columns:
                self._tell_rows(row)
        finally:
            if dry_run:
                self._discard(row)
        if is_over:
            self._discard(row)
            if row.status == S.PREVIEW and "orgnr" not in row.columns:
                refuse("No column has organisation numbers. Name it «Organisasjonsnummer».")
            kept = "Nothing was kept." if self.is_new else "It was begun before, and stays as it is."
            self._end(counted, kept if dry_run else "Nothing is new.")
            return
        if row.status == S.PREVIEW:
            self._confirm(row, counted, yes)
        self.wait(lambda: self._status(row) == S.DONE, seconds=wait)
        self._tell_rows(row)
        counted = shown.numbers(row)
        self._end(counted, f"New: {counted.made}. Changed: {counted.changed}.")

    def _portfolio(self, name: str | None) -> Portfolio | None:
        if not name:
            return None
        rows = Portfolio.objects.filter(name=name)
        rows = rows if self.user.sees_all_customers else rows.filter(pk__in=self.user.portfolio_ids)
        return rows.first() or wrong("You have no portfolio of this name.")

    def _begin(self, file: Path, portfolio: Portfolio | None, *, looks_up: bool) -> CustomerImport:
        """A new import, or the one of the same file that was left."""
        try:
            if file.stat().st_size > LARGEST:
                wrong(f"{file} is larger than {LARGEST // 2**20} MB.")
            content = file.read_bytes()
        except OSError as error:
            wrong(f"{file} cannot be read: {error.strerror}")
        mine = CustomerImport.objects.filter(owner=self.user, environment=self.environment, portfolio=portfolio)
        for row in mine.filter(status__in=[S.CHECKING, S.PREVIEW, S.STORING], looks_up=looks_up).defer(None):
            if bytes(row.content) == content:
                return row
        try:
            row = ordering.begin(
                user=self.user, environment=self.environment, filename=file.name, content=content, looks_up=looks_up,
                portfolio=portfolio, at=timezone.now(),
            )  # fmt: skip
        except TooManyRows:
            wrong(f"The list has more than {MOST_ROWS} rows.")
        except (Unreadable, ordering.NoRows):
            wrong("This is no list with rows. Give CSV, or .xlsx without a password.")
        enqueue_on_commit(tasks.import_customers)
        self.is_new = True
        return row

    def _status(self, row: CustomerImport) -> str:
        return CustomerImport.objects.values_list("status", flat=True).get(pk=row.pk)

    def _confirm(self, row: CustomerImport, counted: shown.Numbers, yes: int | None) -> None:
        known = counted.of(V.CHANGED)
        told = f"New: {counted.taken - known}. Changed: {known}. Left out: {counted.left}."
        self.confirm(counted.taken, given=yes, what=told)
        try:
            ordering.confirm(row=row, user=self.user, shown=ordering.token_of(row), at=timezone.now())
        except (LostRace, ordering.HasChanged):
            refuse("Something changed meanwhile, so nothing was stored. Give the command again.")
        enqueue_on_commit(tasks.import_customers)

    def _discard(self, row: CustomerImport) -> None:
        """What this run made, unless a person has confirmed or discarded it on the page."""
        if self.is_new and CustomerImport.objects.filter(pk=row.pk, status__in=[S.CHECKING, S.PREVIEW]).exists():
            ordering.discard(row=row, by=self.user.actor, at=timezone.now())

    def _tell_rows(self, row: CustomerImport) -> None:
        """A line for each row, as JSON; in words only those that are left out."""
        portfolios = dict(Portfolio.objects.values_list("pk", "name"))
        people = dict(workers(self.environment).values_list("pk", "name"))
        rows: QuerySet[CustomerImportRow] = row.rows.order_by("number")
        taken = set(storing.taken(row).values_list("pk", flat=True))
        for each in rows.iterator(chunk_size=500):
            text = explanation(each, environment=self.environment, portfolios=portfolios, people=people)
            self.tell({
                "row": each.number, "orgnr": each.orgnr, "verdict": each.verdict, "state": each.state, "text": text,
            })  # fmt: skip
            if each.pk not in taken and each.verdict != V.KNOWN:
                self.say(f"Row {each.number} {each.orgnr or each.shown}: {each.get_verdict_display()}. {text}".strip())

    def _end(self, counted: shown.Numbers, text: str) -> None:
        self.say(text)
        if left := counted.left + counted.states.get(CustomerImportRow.State.LEFT, 0):
            refuse(f"Rows that are not taken in: {left}.")
