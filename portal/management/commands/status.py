"""`manage.py status`: how many reports and accesses stand how, the reports of a group, or one report with all that was found."""

from __future__ import annotations

from argparse import ArgumentParser
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.utils import timezone

from accounts.models import Capability
from portal.core.filters import Group, in_group
from portal.core.heartbeat import is_working
from portal.management.acting import ActingCommand, refuse, wrong
from submissions.models import Submission, SubmissionQuerySet
from submissions.services.folders import results
from submissions.services.pages import listing
from systemusers.models import Access

MOST = 10_000
"""Reports in one answer."""
TROUBLE = ("person", "failed", "rejected", "uncertain", "unanswered", "contradicted")
"""Groups in which a report needs somebody. A report may be in two of them."""


class Command(ActingCommand):
    help = "Says how reports and accesses stand. Ends with 1 while a report needs a person, or no worker answers."
    needs = Capability.SEE

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("reference", nargs="*", type=UUID, help="of reports: each with all that was found")
        parser.add_argument("--group", help="the reports of one group: drafts, moving, delivered, accepted, rejected …")
        parser.add_argument("--orgnr", default="", help="of one customer")
        parser.add_argument("--period", default="", help="2025, 2025-03 or 2025-T2")

    def act(self, *, reference: list[UUID], group: str | None, orgnr: str, period: str, **options: Any) -> None:
        self.at = timezone.now()
        self.working = is_working(at=self.at)
        rows = listing.find_submissions(user=self.user, environment=self.environment).current()
        rows = rows.filter(customer__orgnr=orgnr) if orgnr else rows
        rows = listing.of_period(rows, period)
        if reference:
            self._each(rows, reference)
        elif group is not None:
            self._list(rows, group)
        else:
            self._count(rows, orgnr)

    def _each(self, rows: SubmissionQuerySet, wanted: list[UUID]) -> None:
        """Those that are not seen are not told apart from those that do not exist."""
        found = {row.reference: row for row in self._loaded(rows.filter(reference__in=wanted))}
        for one in wanted:
            if one in found:
                self._show(found[one])
            else:
                self.stderr.write(f"{one} is not known.")
        if missing := len(set(wanted) - found.keys()):
            refuse(f"References that are not known: {missing}.")

    def _list(self, rows: SubmissionQuerySet, group: str) -> None:
        groups = listing.groups(self.at)
        if group not in {one.code for one in groups}:
            wrong(f"The groups are: {', '.join(one.code for one in groups)}.")
        found = self._loaded(in_group(rows, groups, group)).order_by("-pk")[: MOST + 1]
        for number, row in enumerate(found):
            if number == MOST:
                refuse(f"Only the newest {MOST} are shown. Choose by --period or --orgnr.")
            self._show(row)

    def _loaded(self, rows: SubmissionQuerySet) -> Any:
        loaded = rows.with_correction().defer(None)
        return loaded.select_related("customer", "access__profile__system__client", "access__customer", "answers")

    def _show(self, row: Submission) -> None:
        report = results.of_submission(row, working=self.working, at=self.at)
        self.tell(report)
        self.say(f"{report['reference']} {results.line_of(report)}")

    def _count(self, rows: SubmissionQuerySet, orgnr: str) -> None:
        groups = listing.groups(self.at)
        counts = {one.code: in_group(rows, groups, one.code).count() for one in groups}
        accesses = Access.objects.visible_to(self.user).current().filter(environment=self.environment)
        accesses = accesses.filter(customer__orgnr=orgnr) if orgnr else accesses
        by_status = {status: accesses.filter(status=status).count() for status in Access.Status.values}
        self.tell({
            "environment": self.environment, "working": self.working, "submissions": counts, "accesses": by_status,
        })  # fmt: skip
        self.say("Reports: " + _counted(counts, groups))
        self.say("Accesses: " + (", ".join(f"{n} {name}" for name, n in by_status.items() if n) or "none"))
        if not self.working:
            refuse("No worker answers: nothing is sent or fetched by itself.")
        in_trouble = reduce(or_, (one.condition for one in groups if one.code in TROUBLE))
        if needing := rows.filter(in_trouble).count():
            refuse(f"Reports that need a person: {needing}.")


def _counted(counts: dict[str, int], groups: list[Group]) -> str:
    return ", ".join(f"{counts[one.code]} {one.code}" for one in groups if counts[one.code]) or "none"
