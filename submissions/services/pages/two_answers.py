"""What the page of a report says while Skatteetaten's answers disagree."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.core.colours import colour
from submissions.models import Submission
from submissions.models.texts import Shown
from submissions.services.inbox import two_answers


@dataclass(frozen=True)
class Answer:
    """`dialog` is the key of the dialog in which it stands."""

    verdict: str
    colour: str
    title: Shown
    at: datetime
    dialog: int


@dataclass(frozen=True)
class TwoAnswers:
    """`status` is what the portal goes by until a person decides."""

    status: str
    answers: list[Answer]


def two_answers_shown(row: Submission) -> TwoAnswers | None:
    """None while they agree. One query otherwise."""
    if row.contradicted_at is None:
        return None
    answers = [
        Answer(
            str(Submission.Status(given.verdict).label),
            colour(given.verdict),
            given.shown_title,
            given.created_at,
            given.dialog_id,
        )
        for given in two_answers.given(row)
    ]
    return TwoAnswers(row.get_status_display(), answers)
