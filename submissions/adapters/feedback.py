"""Reads Skatteetaten's feedback document: the verdict, and every reason with its code.

By local names, in any namespace: `leveransestatus` (godkjent or avvist) and each element with an `avvikskode`; and the
JSON form of the a-melding (unverified). Its texts are data: the page escapes them.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from lxml import etree

from portal.gateways.decoding import json_of
from submissions import safe_xml
from submissions.adapters.base import Reason, Verdict

TYPES = {"Acceptance": True, "Rejection": False}
"""Types of transmissions that are a verdict."""
STATUSES = {"godkjent": True, "mottatt": True, "ok": True, "avvist": False}
PDF = "application/pdf"
MOST_REASONS = 500
MOST_TEXT = 2000
_TIMES = ("behandletTidspunkt", "innsendingstidspunkt", "mottattTidspunkt")
_REFERENCES = ("vaarLeveransereferanse", "leveransereferanse", "oppgavegiversleveransereferanse", "innsendingsId")
_CODES = ("avvikskode", "kode")
_LOCATIONS = ("sti", "referanse", "oppgavereferanse", "linjenummer")

logger = logging.getLogger(__name__)


class UnreadableFeedback(Exception):
    """The document is not XML or JSON that can be read. The text is for the log and quotes nothing of the document."""


def verdict_of(transmission_type: str, documents: Sequence[tuple[str, bytes]]) -> Verdict | None:
    """By the transmission's type, else by the first document that can be read; the reasons are the document's.

    `documents` are (media type, bytes). None: nothing is decided.
    """
    read = next(filter(None, (_read_or_none(content, media_type) for media_type, content in documents)), None)
    if transmission_type in TYPES:
        return replace(read or Verdict(None), accepted=TYPES[transmission_type])
    return read


def _read_or_none(content: bytes, media_type: str) -> Verdict | None:
    if media_type.partition(";")[0] == PDF:
        return None
    try:
        return read_feedback(content, media_type)
    except UnreadableFeedback as error:
        logger.warning("a feedback document could not be read: %s", error)
        return None


def read_feedback(content: bytes, media_type: str) -> Verdict:
    """The feedback in XML or JSON, detected by its first character or the media type. Raises UnreadableFeedback."""
    start = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if start in (b"{", b"[") or ("json" in media_type.lower() and start != b"<"):
        return _from_json(content)
    return _from_xml(content)


def _from_xml(content: bytes) -> Verdict:
    try:
        root = safe_xml.parse(content, tolerant=True)
    except safe_xml.UnreadableXml as error:
        raise UnreadableFeedback(error.code) from None
    statuses = [_text(node) for node in root.iter("{*}leveransestatus")]
    nodes = (node.getparent() for node in root.iter("{*}avvikskode"))
    reasons = tuple(_reason(_fields(node)) for node in nodes if node is not None)[:MOST_REASONS]
    return Verdict(_accepted(statuses, reasons), reasons, _first(root, _REFERENCES), _moment(_first(root, _TIMES)))


def _fields(node: etree._Element) -> dict[str, str]:
    return {etree.QName(child).localname: _text(child) for child in node if isinstance(child.tag, str)}


def _text(node: etree._Element) -> str:
    return (node.text or "").strip()[:MOST_TEXT]


def _first(root: etree._Element, names: tuple[str, ...]) -> str:
    """The text of the first of these elements that has any, in the order of the names."""
    texts = (_text(node) for name in names for node in root.iter(f"{{*}}{name}"))
    return next((text for text in texts if text), "")


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _accepted(statuses: list[str], reasons: tuple[Reason, ...]) -> bool | None:
    """Rejected when any delivery was, accepted when all were. A rejected file has no delivery, only deviations."""
    accepted = {STATUSES.get(status.strip().lower()) for status in statuses}
    if False in accepted:
        return False
    if not statuses and any(reason.severity.lower() == "avvist" for reason in reasons):
        return False
    return True if accepted == {True} else None


def _reason(fields: dict[str, str]) -> Reason:
    """Field names of the XML; the JSON form has `kode` and `melding`, or a description only."""
    text = _of(fields, "avvikstekst", "melding", "tekst")
    description = fields.get("beskrivelse", "")
    return Reason(
        code=_of(fields, *_CODES),
        text=text or description,
        description=description if text else "",
        guidance=fields.get("veiledning", ""),
        severity=fields.get("alvorlighetsgrad", ""),
        where=_of(fields, *_LOCATIONS),
    )


def _of(fields: dict[str, str], *names: str) -> str:
    return next((fields[name] for name in names if fields.get(name)), "")


def objects_of(content: bytes) -> list[dict[str, Any]]:
    """Every object of a JSON feedback at any depth, outer before inner. Raises UnreadableFeedback."""
    if len(content) > safe_xml.MAX_BYTES:
        raise UnreadableFeedback("TOO_LARGE")
    try:
        parsed = json_of(content)
    except (ValueError, RecursionError):
        raise UnreadableFeedback("not JSON") from None
    return list(_objects(parsed))


def _from_json(content: bytes) -> Verdict:
    objects = objects_of(content)
    statuses = [plain_text(one[name]) for one in objects for name in ("mottakstatus", "leveransestatus") if name in one]
    entries = [one for one in objects if any(name in one for name in _CODES)][:MOST_REASONS]
    reasons = tuple(_reason({name: plain_text(value) for name, value in entry.items()}) for entry in entries)
    if not statuses and not reasons:
        raise UnreadableFeedback("JSON of another shape")
    everything: dict[str, Any] = {name: value for one in reversed(objects) for name, value in one.items()}
    texts = {name: plain_text(everything.get(name)) for name in (*_REFERENCES, *_TIMES, "meldingsId")}
    return Verdict(
        _accepted(statuses, reasons), reasons, _of(texts, *_REFERENCES, "meldingsId"), _moment(_of(texts, *_TIMES))
    )


def _objects(parsed: Any) -> Iterator[dict[str, Any]]:
    waiting = deque([parsed])
    while waiting:
        one = waiting.popleft()
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def plain_text(value: Any) -> str:
    """A plain value as text; "" for anything else."""
    return str(value).strip()[:MOST_TEXT] if isinstance(value, str | int | float) else ""
