"""Notes the attachments of a dialog's transmissions as rows: what is to be fetched, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from portal.core.masking import without_identity_numbers
from portal.gateways.dialogporten import MASKED, TransmissionItem
from portal.gateways.dialogporten import Attachment as Given
from submissions.models import Attachment, Dialog, Transmission
from submissions.models.inbox import FROM_PARTY
from submissions.services.inbox.sources import NO_SCOPE, source_of

BY = "remote:dialogporten"
MASK_EXPIRED = f"{MASKED}expired"
State = Attachment.Status
CHANGING = ("name", "media_type", "api_url", "gui_url", "expires_at")


def store(*, dialog: Dialog, items: list[TransmissionItem], at: datetime) -> None:
    """Insert the new ones, and bring the others up to date. Call it in a transaction that has stored the transmissions."""
    transmissions = {row.transmission_id: row for row in dialog.transmissions.all()}
    stored = Attachment.objects.filter(transmission__dialog=dialog)
    known = {(row.transmission_id, row.attachment_id): row for row in stored.select_for_update(of=("self",))}
    new = []
    for transmission, given in _all(transmissions, items):
        row = known.get((transmission.pk, given.id))
        status = _state(transmission, given)
        if row is None:
            due_at = at if status in Attachment.TO_FETCH else None
            texts = _columns(given)
            new.append(
                Attachment(
                    transmission=transmission, attachment_id=given.id, status=status, status_at=at,
                    next_attempt_at=due_at, **texts,
                )
            )  # fmt: skip
        else:
            _update(row, given, status, at)
    Attachment.objects.bulk_create(new)


def _all(
    transmissions: dict[UUID, Transmission], items: list[TransmissionItem]
) -> Iterator[tuple[Transmission, Given]]:
    for item in items:
        for given in {one.id: one for one in item.attachments}.values():
            yield transmissions[UUID(item.id)], given


def _columns(given: Given) -> dict[str, object]:
    media_type = given.media_type[:100]
    hidden = {"name": without_identity_numbers(given.name), "media_type": media_type}
    return {**{name: getattr(given, name) for name in CHANGING}, **hidden}


def _state(transmission: Transmission, given: Given) -> str:
    """What is to be done with it, as it stands in Dialogporten."""
    if transmission.type in FROM_PARTY:
        return State.SENT
    if given.api_url.startswith(MASK_EXPIRED) or transmission.deleted_at is not None:
        return State.GONE
    if given.api_url.startswith(MASKED) or not transmission.is_authorized:
        return State.CLOSED
    if given.api_url or transmission.submission_id is not None:
        return State.WAITING
    return State.LINKED


def _update(row: Attachment, given: Given, status: str, at: datetime) -> None:
    """A fetched one is kept whatever becomes of it. A new address, or a new right, makes it due again."""
    columns = _columns(given)
    is_moved = row.api_url != given.api_url
    changed = {name: value for name, value in columns.items() if getattr(row, name) != value}
    if changed:
        Attachment.objects.filter(pk=row.pk).update(**changed)
    if row.status == State.FETCHED or not _is_news(row, status, is_moved):
        return
    due_at = at if status in Attachment.TO_FETCH else None
    row.move_to(
        status, by=BY, at=at, is_recorded=False, next_attempt_at=due_at, failures=0, problem_code="", lease_until=None
    )


def _is_news(row: Attachment, status: str, is_moved: bool) -> bool:
    if status != State.WAITING:
        return row.status != status
    if row.status in Attachment.TO_FETCH:
        return row.status == State.REFUSED and is_moved
    if row.status == State.CLOSED and row.problem_code == NO_SCOPE:
        return source_of(row) is not None  # else it would be closed again by the next worker
    was_never_asked_for = row.status == State.LINKED and row.attempts == 0  # the report it answers was not known
    return is_moved or was_never_asked_for or row.status in (State.CLOSED, State.SENT)
