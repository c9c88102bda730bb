"""Open drafts as the page of a new submission names them: whose they are, since when, and how many files they have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from accounts.models import Customer
from accounts.services.actors import names_of, person
from submissions.models import Submission
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.drafting.package_check import OPEN

MOST = 10


@dataclass(frozen=True)
class OpenDraftShown:
    pk: int
    service: str
    period: Period
    who: str
    at: datetime
    files: int


def open_draft_shown(draft: Submission) -> OpenDraftShown:
    return _shown(draft, draft.documents.count(), names_of([draft.created_by]))


def open_drafts_of(customer: Customer) -> list[OpenDraftShown]:
    """The newest of the customer's drafts, for every service and period, corrections included."""
    rows = customer.submissions.filter(status__in=OPEN).annotate(files=Count("documents")).order_by("-pk")[:MOST]
    names = names_of([row.created_by for row in rows])
    return [_shown(row, row.files, names) for row in rows]  # type: ignore[attr-defined] # annotated


def _shown(draft: Submission, files: int, names: dict[str, str]) -> OpenDraftShown:
    who = person(draft.created_by, names)
    return OpenDraftShown(draft.pk, catalogue.name_of(draft.service), draft.period, who, draft.created_at, files)
