"""One transmission of a dialog as the API shows it, with its documents. Used for dialogs and for letters."""

from __future__ import annotations

from uuid import UUID

from portal.api.shapes import Moment, Shape
from submissions.services.pages.transmissions import AttachedDocument, TransmissionRow


class AttachedShape(Shape):
    """`document` is the `id` to read it by (`/documents/{id}`); null when it is not here, and `note` says why."""

    name: str
    media_type: str
    document: int | None
    note: str


class TransmissionShape(Shape):
    """`type` is Dialogporten's own. `submission` is the report of ours that it answers. `deleted_at`: the sender has taken it back."""

    id: int
    transmission_id: UUID
    type: str
    type_text: str
    title: str
    summary: str
    created_at: Moment
    deleted_at: Moment | None
    submission: UUID | None
    documents: list[AttachedShape]


def of_transmission(row: TransmissionRow) -> TransmissionShape:
    one = row.transmission
    return TransmissionShape(
        id=one.pk, transmission_id=one.transmission_id, type=one.type, type_text=row.type_name, title=one.shown_title.text,
        summary=one.shown_summary.text, created_at=one.created_at, deleted_at=one.deleted_at,
        submission=one.submission.reference if one.submission else None,
        documents=[_attached(each) for each in row.documents],
    )  # fmt: skip


def _attached(one: AttachedDocument) -> AttachedShape:
    """The name of a document as it leaves the portal, without what may be a number of a person."""
    document = one.document
    return AttachedShape(
        name=document.shown_name if document else str(one.name), media_type=one.media_type,
        document=document.pk if document else None, note="" if document else str(one.note),
    )  # fmt: skip
