"""The report of the period before, as the page of a draft shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.core.masking import visible
from portal.explain import Explanation, explain
from submissions.adapters import EARLIER
from submissions.models import EarlierReport, Submission
from submissions.services import catalogue
from submissions.services.drafting import checking, earlier
from submissions.services.drafting.checking import Shown


@dataclass(frozen=True)
class EarlierShown:
    """`year` is the year before the draft's. `fetched_at` None: it was not fetched yet. `is_there`: the authority has one.

    `problem` is why it is not fetched; `next_attempt_at` when it is tried again, None when a person must ask.
    """

    year: int
    is_asked: bool = False
    is_waiting: bool = False
    fetched_at: datetime | None = None
    next_attempt_at: datetime | None = None
    problem: Explanation | None = None
    is_there: bool = False
    remote_status: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    differences: tuple[Shown, ...] = ()


def earlier_shown(submission: Submission) -> EarlierShown | None:
    """None when the service has no such thing."""
    if not earlier.is_offered(submission):
        return None
    year = submission.period_start.year - 1
    row = EarlierReport.objects.defer(None).filter(submission=submission).first()
    return _shown(row, submission, year) if row else EarlierShown(year)


def _shown(row: EarlierReport, submission: Submission, year: int) -> EarlierShown:
    service = catalogue.service(submission.service)
    is_there = row.fetched_at is not None and row.facts is not None
    return EarlierShown(
        year,
        is_asked=True,
        is_waiting=row.next_attempt_at is not None,
        fetched_at=row.fetched_at,
        next_attempt_at=row.next_attempt_at,
        problem=explain(row.problem_code) if row.problem_code else None,
        is_there=is_there,
        remote_status=visible(row.remote_status),
        facts=tuple(EARLIER[service.adapter].summary(row.facts or {})) if is_there else (),
        differences=tuple(checking.shown(row.differences, service)) if is_there else (),
    )
