"""Looks for a lost delivery in Dialogporten: a transmission that no other submission has, with our main form in it.

Uses the lists of dialogs and transmissions only: opening a dialog marks it as seen for the customer's staff.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from portal.gateways.errors import Refused
from submissions import safe_xml
from submissions.models import Call, Submission
from submissions.services import catalogue, remote
from submissions.services.documents import read_document

CLOCKS_DIFFER = timedelta(minutes=2)
FROM_PARTY = {"Submission", "Correction"}


@dataclass(frozen=True)
class Delivery:
    """The delivered report at Skatteetaten. `reference` is Skatteetaten's, when the transmission has it."""

    dialog_id: str
    transmission_id: str
    created_at: datetime
    reference: str

    def as_receipt(self) -> dict[str, Any]:
        return {
            "dialogId": self.dialog_id,
            "forsendelseId": self.transmission_id,
            "oppgavegiversLeveranseReferanse": self.reference,
            "opprettet": self.created_at.isoformat(),
            "kilde": "Dialogporten",
        }


def find_delivery(submission: Submission, *, known_to_be_there: bool, at: datetime) -> Delivery | None:
    """Our delivery, or None. With `known_to_be_there` a single candidate is accepted even if its forms cannot be compared.

    Raises the gateways' errors.
    """
    candidates = list({candidate.transmission_id: candidate for candidate in _candidates(submission, at)}.values())
    ours = [c for c in candidates if _holds_our_form(submission, c, at)]
    if ours:
        return ours[0]
    return candidates[0] if known_to_be_there and len(candidates) == 1 else None


def _candidates(submission: Submission, at: datetime) -> Iterator[Delivery]:
    """New submissions on the customer's dialogs of this service since ours was queued."""
    assert submission.queued_at is not None  # noqa: S101 - an uncertain submission was queued
    since = submission.queued_at - CLOCKS_DIFFER
    taken = Submission.objects.filter(customer=submission.customer_id, transmission_id__isnull=False)
    of_others = {str(value) for value in taken.exclude(pk=submission.pk).values_list("transmission_id", flat=True)}
    for dialog_id, transmission in remote.transmissions_since(submission, since, at=at):
        is_ours = transmission.type in FROM_PARTY and transmission.created_at >= since
        if is_ours and str(transmission.id) not in of_others:
            yield Delivery(
                str(dialog_id), str(transmission.id), transmission.created_at, transmission.external_reference or ""
            )


def _holds_our_form(submission: Submission, delivery: Delivery, at: datetime) -> bool:
    """Whether the first form of the delivery is our main form, ignoring white space and encoding."""
    ours = submission.calls.select_related("document").get(step=Call.Step.MAIN).document
    assert submission.access is not None and ours is not None  # noqa: S101, PT018 - planned so
    service = catalogue.service(submission.service)
    try:
        forms = remote.rf1086(submission.environment, service).submitted_forms(
            token=remote.token(submission.access, service, at=at),
            year=submission.year,
            transmission_id=delivery.transmission_id,
        )
    except Refused as error:
        if error.status == 404:  # another year's, or not readable yet
            return False
        raise
    return bool(forms) and canonical(forms[0]) == canonical(read_document(ours)) is not None


def canonical(xml: str | bytes) -> bytes | None:
    """Canonical XML (C14N 2.0) of the form; None when it cannot be parsed."""
    try:
        root = safe_xml.parse(xml.encode() if isinstance(xml, str) else xml)
    except safe_xml.UnreadableXml:
        return None
    canonical_form: bytes = etree.tostring(root, method="c14n2", strip_text=True)  # type: ignore[call-overload]
    return canonical_form
