"""The four dots on top of a submission's page: where it stands between checked and answered."""

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
    S.DRAFT: 0, S.READY: 1, S.QUEUED: 1, S.CANCELLED: 1, S.SENDING: 1, S.UNCERTAIN: 2, S.FAILED: 1, S.DELIVERED: 3,
    S.NEEDS_PERSON: 3, S.ACCEPTED: 4, S.REJECTED: 4,
}  # fmt: skip
_TROUBLE = {
    S.UNCERTAIN: "warning", S.NEEDS_PERSON: "warning", S.FAILED: "danger", S.CANCELLED: "neutral", S.REJECTED: "danger",
}  # fmt: skip


def dots(submission: Submission) -> list[Dot]:
    """Checked, sent, delivered, answered; the last bears the answer's name, and a rejection gets a fifth: mended."""
    status = S(submission.status)
    reached, labels = _REACHED[status], _labels(submission)
    is_answer = status in (S.ACCEPTED, S.REJECTED)
    current = 3 if is_answer else min(reached, len(labels) - 1)
    return [
        Dot(label, _colour(status, place, reached, current), place == current) for place, label in enumerate(labels)
    ]


def _labels(submission: Submission) -> list[Any]:
    status = submission.status
    last = {S.REJECTED: S.REJECTED.label, S.NEEDS_PERSON: S.NEEDS_PERSON.label}.get(S(status), S.ACCEPTED.label)
    second = {S.FAILED: S.FAILED.label, S.CANCELLED: S.CANCELLED.label}.get(S(status), _("Sendt"))
    labels = [_("Kontrollert"), second, _("Levert"), last]
    return [*labels, _("Rettet")] if status == S.REJECTED else labels


def _colour(status: Submission.Status, place: int, reached: int, current: int) -> str:
    if place == current and status in _TROUBLE:
        return _TROUBLE[status]
    if place < reached:
        return DONE
    return NOW if place == current else AHEAD
