"""The stepper of a submission's page, from checked to answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from submissions.models import Submission

S = Submission.Status
DONE, NOW, AHEAD = "success", "accent", ""


@dataclass(frozen=True)
class Dot:
    """`colour` is Designsystemet's name, "" for a step still ahead."""

    label: Any
    colour: str
    is_current: bool


_REACHED = {
    S.DRAFT: 0, S.READY: 0, S.QUEUED: 1, S.CANCELLED: 1, S.SENDING: 1, S.UNCERTAIN: 1, S.FAILED: 1, S.DELIVERED: 2,
    S.NEEDS_PERSON: 3, S.ACCEPTED: 3, S.REJECTED: 3,
}  # fmt: skip
_TROUBLE = {
    S.UNCERTAIN: "warning", S.NEEDS_PERSON: "warning", S.FAILED: "danger", S.CANCELLED: "neutral", S.REJECTED: "danger",
}  # fmt: skip


_ON_THE_WAY = {S.DRAFT, S.QUEUED, S.SENDING}


def dots(submission: Submission) -> list[Dot]:
    """Checked, sent, delivered, answered. The current one is the last step reached."""
    status = S(submission.status)
    current = _reached(submission)
    return [
        Dot(label, _colour(status, position, current), position == current)
        for position, label in enumerate(_labels(status, current))
    ]


def _reached(submission: Submission) -> int:
    """A person may be needed before it is sent, or after it was delivered."""
    is_before = submission.status == S.NEEDS_PERSON and submission.delivered_at is None
    return 1 if is_before else _REACHED[S(submission.status)]


def _labels(status: Submission.Status, reached: int) -> list[Any]:
    first = _("Kontrolleres") if status == S.DRAFT else _("Kontrollert")
    second = {
        S.DRAFT: _("Sendes"), S.READY: _("Sendes"), S.QUEUED: S.QUEUED.label, S.SENDING: S.SENDING.label,
        S.UNCERTAIN: S.UNCERTAIN.label, S.FAILED: S.FAILED.label, S.CANCELLED: S.CANCELLED.label,
        S.NEEDS_PERSON: S.NEEDS_PERSON.label if reached == 1 else _("Sendt"),
    }.get(status, _("Sendt"))  # fmt: skip
    third = _("Levert") if reached >= 2 else _("Leveres")
    last = status.label if reached == 3 else _("Svar fra Skatteetaten")
    labels = [first, second, third, last]
    return [*labels, _("Rettes")] if status == S.REJECTED else labels


def _colour(status: Submission.Status, position: int, current: int) -> str:
    if position == current:
        return _TROUBLE.get(status, NOW if status in _ON_THE_WAY else DONE)
    return DONE if position < current else AHEAD
