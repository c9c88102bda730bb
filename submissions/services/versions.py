"""The reports of one customer, service and period beside each other: which replaces which, and which of them stands.

Where reports carry an id, a report replaces the one that it names, and others stand beside it. Without ids the newest accepted
report takes the place of all before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from submissions.adapters.base import About, Delivered
from submissions.models import Submission
from submissions.services.ways import about_of

S = Submission.Status
SENT = (S.QUEUED, S.SENDING, S.UNCERTAIN, S.NEEDS_PERSON, S.DELIVERED, S.ACCEPTED, S.REJECTED)
"""States in which the authority has the report, or soon may."""


@dataclass(frozen=True)
class Version:
    """One sent report. `number` counts from 1 in the order of sending; `replaced_by` is the number of the one that took its place."""

    submission: Submission
    number: int
    stands: bool = False
    replaced_by: int | None = None


def find_sent(submission: Submission) -> QuerySet[Submission]:
    """All sent reports about the same, in the order of sending."""
    about = Submission.objects.about(
        customer=submission.customer,
        service=submission.service,
        period=submission.period,
        answers_id=submission.answers_id,
    )
    return about.filter(status__in=SENT).order_by("queued_at", "pk")


def versions_of(submission: Submission, *, with_reasons: bool = False) -> list[Version]:
    """Every sent report about the same as `submission`, the oldest first. One query; `with_reasons` loads the authority's too."""
    rows = find_sent(submission)
    rows = rows.defer(None).defer("findings", "payment") if with_reasons else rows
    versions = [Version(row, number) for number, row in enumerate(rows, start=1)]
    accepted = [one for one in versions if one.submission.status == S.ACCEPTED]
    return [_with_word(one, accepted) if one in accepted else one for one in versions]


def _with_word(one: Version, accepted: Sequence[Version]) -> Version:
    """It stands, or a later accepted one took its place."""
    later = [other for other in accepted if other.number > one.number]
    heirs = [other for other in later if takes_the_place(other.submission, one.submission)]
    return replace(one, stands=not heirs, replaced_by=heirs[0].number if heirs else None)


def takes_the_place(new: Submission, old: Submission) -> bool:
    """Whether a report, once accepted, replaces one that was sent before it."""
    if new.own_reference or old.own_reference:
        return bool(old.own_reference) and new.replaces_reference == old.own_reference
    return True


def find_corrected(submission: Submission) -> Submission | None:
    """What the report corrects: the one that it was begun from, else the only one about the same that waits for a correction and
    that it comes instead of.

    Of several, one that it names itself goes before those that were to replace the same.
    """
    if submission.corrects_id:
        return submission.corrects
    waiting = Submission.objects.like(submission).needing_correction().order_by("pk")
    fitting = [old for old in waiting if _comes_instead(submission, old)]
    named = [old for old in fitting if old.own_reference and old.own_reference == submission.replaces_reference]
    found = named or fitting
    return found[0] if len(found) == 1 else None


def _comes_instead(new: Submission, old: Submission) -> bool:
    """A report with an id says itself what it replaces. One that names nothing stands beside the others, also beside a rejected
    one: that one waits until a person says what corrects it. The same id is the same report once more.
    """
    if not (new.own_reference or old.own_reference):
        return True
    is_named = bool(new.replaces_reference) and new.replaces_reference in (old.own_reference, old.replaces_reference)
    return is_named or new.own_reference == old.own_reference


def about_whole(submission: Submission) -> About:
    """What the report must be about, with the other reports about the same. For the check of a whole package."""
    others = [one for one in versions_of(submission) if one.submission.pk != submission.pk]
    delivered = tuple(
        Delivered(one.submission.own_reference, one.submission.replaces_reference, one.stands)
        for one in others
        if one.submission.own_reference
    )
    corrected = (one.submission.own_reference for one in others if one.submission.pk == submission.corrects_id)
    return replace(about_of(submission), delivered=delivered, corrects=next(corrected, ""))
