"""By which ids submissions, orders, dialogs and letters are found: those that pages, receipts and authorities show.

A submission is found by the whole name of one of its files too.
"""

from __future__ import annotations

from collections.abc import Sequence

from portal.core.search import Place, identified, identifier
from submissions.models import Call, Dialog, Document, Order, Submission, Transmission
from submissions.models.filenames import hash_of_filename


def places_of_submissions(text: str) -> list[Place]:
    asked = identifier(text)
    if asked is None:
        return []
    rows = Submission.objects
    places: list[Place] = [
        (rows.filter(receipt_reference__in=asked.spellings), "pk"),
        (rows.filter(own_reference__in=asked.spellings), "pk"),
        (rows.filter(correlation_id__in=asked.spellings), "pk"),
        (Call.objects.filter(remote_id__in=asked.spellings), "submission_id"),
        (Document.objects.filter(sha256=asked.text.lower(), submission__isnull=False), "submission_id"),
        (
            Document.objects.filter(filename_hash=hash_of_filename(asked.text), submission__isnull=False),
            "submission_id",
        ),
    ]
    if asked.uuid:
        answers = Transmission.objects.filter(transmission_id=asked.uuid, submission__isnull=False)
        places += [
            (rows.filter(reference=asked.uuid), "pk"),
            (rows.filter(dialog_id=asked.uuid), "pk"),
            (rows.filter(transmission_id=asked.uuid), "pk"),
            (Call.objects.filter(key=asked.uuid), "submission_id"),
            (answers, "submission_id"),
        ]
    return places


def places_of_orders(text: str) -> list[Place]:
    asked = identifier(text)
    if asked is None:
        return []
    rows = Order.objects
    places: list[Place] = [
        (rows.filter(remote_id__in=asked.spellings), "pk"),
        (rows.filter(correlation_id__in=asked.spellings), "pk"),
    ]
    return [*places, (rows.filter(reference=asked.uuid), "pk")] if asked.uuid else places


def places_of_dialogs(text: str) -> list[Place]:
    asked = identifier(text)
    if asked is None:
        return []
    places: list[Place] = [(Dialog.objects.filter(external_reference__in=asked.spellings), "pk")]
    if asked.uuid:
        places += [
            (Dialog.objects.filter(dialog_id=asked.uuid), "pk"),
            (Transmission.objects.filter(transmission_id=asked.uuid), "dialog_id"),
        ]
    return places


def places_of_letters(text: str) -> list[Place]:
    asked = identifier(text)
    if asked is None or asked.uuid is None:
        return []
    return [(Transmission.objects.letters().filter(transmission_id=asked.uuid), "pk")]


def keys_in(places: Sequence[Place]) -> list[int]:
    """The rows of one list with the id that `places` look for, whoever may see them."""
    return identified({"": places}).get("", [])
