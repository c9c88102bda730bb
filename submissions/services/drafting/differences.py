"""Where a draft begins otherwise than the period before ended: compared when either of the two has changed."""

from __future__ import annotations

from collections.abc import Sequence

from submissions.adapters import EARLIER
from submissions.adapters.base import FileReport
from submissions.models import EarlierReport, Submission, stored
from submissions.services import catalogue
from submissions.services.drafting import checking


def store(submission: Submission, reports: Sequence[FileReport]) -> None:
    """Compare the fetched report of the period before with the draft's files. Call it with the submission locked."""
    mine = EarlierReport.objects.filter(submission=submission)
    row = mine.defer(None).filter(fetched_at__isnull=False).first()
    if row is not None and row.facts is not None:
        mine.update(differences=found(submission, row.facts, reports))


def found(submission: Submission, facts: dict[str, object], reports: Sequence[FileReport]) -> list[stored.Finding]:
    """The differences as they are stored; none while a file is damaged."""
    if any(map(checking.is_damaged, reports)):
        return []
    adapter = EARLIER[catalogue.service(submission.service).adapter]
    return [checking.as_stored(finding) for finding in adapter.differences(facts, reports)]
