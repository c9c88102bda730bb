"""Reads Skatteetaten's feedback document: the verdict, and every reason with its code.

Robust by local names: `leveransestatus` (godkjent or avvist) and each element with an `avvikskode`, whatever namespace
the service uses; and the JSON form of the a-melding, which is unverified.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from lxml import etree

ACCEPTED, REJECTED = "ACCEPTED", "REJECTED"
VERDICTS = {"godkjent": ACCEPTED, "avvist": REJECTED}
MOST_REASONS = 500
MOST_TEXT = 2000


class UnreadableFeedback(Exception):
    """The document is not XML or JSON that can be read."""


@dataclass(frozen=True)
class Reason:
    """One deviation in Skatteetaten's own words. `severity` is avvist (rejected) or advarsel (warning)."""

    code: str
    text: str
    description: str = ""
    guidance: str = ""
    severity: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)


@dataclass(frozen=True)
class Feedback:
    """`verdict` is ACCEPTED, REJECTED, or None when the document does not say."""

    verdict: str | None
    reasons: tuple[Reason, ...]
    reference: str = ""


def read_feedback(content: bytes, media_type: str) -> Feedback:
    """Raises UnreadableFeedback."""
    if "json" in media_type or content.lstrip()[:1] in (b"{", b"["):
        return _from_json(content)
    return _from_xml(content)


def _from_xml(content: bytes) -> Feedback:
    if b"<!" in content.replace(b"\x00", b"").replace(b"<!--", b"").replace(b"<![CDATA[", b""):
        raise UnreadableFeedback("a doctype or entity")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableFeedback(type(error).__name__) from None
    statuses = [_text(node) for node in root.iter("{*}leveransestatus")]
    reasons = tuple(_reason(node.getparent()) for node in root.iter("{*}avvikskode"))[:MOST_REASONS]
    reference = next((_text(node) for node in root.iter("{*}vaarLeveransereferanse", "{*}leveransereferanse")), "")
    return Feedback(_verdict(statuses), reasons, reference)


def _verdict(statuses: list[str]) -> str | None:
    """Rejected when any part was; accepted when all were."""
    verdicts = {VERDICTS.get(status.lower()) for status in statuses}
    return REJECTED if REJECTED in verdicts else ACCEPTED if verdicts == {ACCEPTED} else None


def _reason(node: Any) -> Reason:
    fields = {etree.QName(child).localname: _text(child) for child in node}
    return Reason(
        fields.get("avvikskode", ""),
        fields.get("avvikstekst", ""),
        fields.get("beskrivelse", ""),
        fields.get("veiledning", ""),
        fields.get("alvorlighetsgrad", ""),
    )


def _text(node: Any) -> str:
    return (node.text or "").strip()[:MOST_TEXT]


def _from_json(content: bytes) -> Feedback:
    try:
        said = json.loads(content)
    except ValueError:
        raise UnreadableFeedback("not JSON") from None
    found = said.get("mottak", said) if isinstance(said, dict) else {}
    if not isinstance(found, dict):
        raise UnreadableFeedback("JSON of another shape")
    entries = [e for e in found.get("avvik") or [] if isinstance(e, dict)][:MOST_REASONS]
    status = str(found.get("mottakstatus") or found.get("leveransestatus") or "").lower()
    verdict = REJECTED if "avvis" in status else ACCEPTED if "godkjent" in status or "mottatt" in status else None
    return Feedback(verdict, tuple(_json_reason(entry) for entry in entries))


def _json_reason(entry: dict[str, Any]) -> Reason:
    names = ("avvikskode", "avvikstekst", "beskrivelse", "veiledning", "alvorlighetsgrad")
    return Reason(*(str(entry.get(name) or "")[:MOST_TEXT] for name in names))
