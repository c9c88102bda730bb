"""The verdict of a message: the one of all its leveranser, and what happened to each of them and to single items."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from lxml import etree

from submissions import safe_xml
from submissions.adapters import feedback
from submissions.adapters.base import Reason, Verdict

REJECTED_ITEMS, WARNED_ITEMS = "antallAvvisteOppgaver", "antallOppgaverMedVarsel"
STATUS = "leveransestatus"
REJECTION, WARNING = "avvist", "advarsel"


def verdict_of(transmission_type: str, documents: Sequence[tuple[str, bytes]]) -> Verdict | None:
    """By the transmission's type, else by the documents: rejected when one leveranse is.

    A leveranse that is accepted may have items that are rejected or have warnings. The feedback counts them; the counts
    become reasons with the name of the element as code.
    """
    verdict = feedback.verdict_of(transmission_type, documents)
    if verdict is None:
        return None
    counted = [reason for _type, content in documents for reason in _counts(content)]
    return replace(verdict, reasons=(*verdict.reasons, *counted))


def _counts(content: bytes) -> Iterator[Reason]:
    if not content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return
    try:
        root = safe_xml.parse(content, tolerant=True)
    except safe_xml.UnreadableXml:
        return
    deliveries = list(root.iter("{*}leveranse"))
    for delivery in deliveries:
        yield from _of_delivery(delivery, is_one_of_many=len(deliveries) > 1)


def _of_delivery(delivery: etree._Element, *, is_one_of_many: bool) -> Iterator[Reason]:
    where = _text(delivery, "oppgavegiversleveransereferanse") or _text(delivery, "leveransereferanse")
    if _text(delivery, STATUS).lower() == REJECTION:
        if is_one_of_many:
            yield Reason(STATUS, REJECTION, severity=REJECTION, where=where)
        return
    total = _text(delivery, "antallOppgaver")
    for name, severity in ((REJECTED_ITEMS, REJECTION), (WARNED_ITEMS, WARNING)):
        count = _text(delivery, name)
        if count.isascii() and count.isdigit() and int(count):
            yield Reason(name, f"{count} / {total}" if total else count, severity=severity, where=where)


def _text(delivery: etree._Element, name: str) -> str:
    found = next(delivery.iter(f"{{*}}{name}"), None)
    return (found.text or "").strip()[:100] if found is not None else ""
