"""An open draft as the page of a new submission names it: whose it is, since when, and how many files it has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.services.actors import names_of, person
from submissions.models import Submission


@dataclass(frozen=True)
class OpenDraftShown:
    pk: int
    who: str
    at: datetime
    files: int


def open_draft_shown(draft: Submission) -> OpenDraftShown:
    who = person(draft.created_by, names_of([draft.created_by]))
    return OpenDraftShown(draft.pk, who, draft.created_at, draft.documents.count())
