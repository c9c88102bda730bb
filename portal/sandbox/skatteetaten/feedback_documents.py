"""The documents of a feedback: the XML of RF-1086 and of the other services, JSON for a-melding, and a PDF for people."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import msgspec

from . import amelding_content, pdf
from .catalogue import RF1086
from .records import Feedback, Finding, Submission

RF1086_NAMESPACE = "urn:ske:fastsetting:innsamling:aksjonaeroppgave:ar_til_mag:v0_1"
GLD_NAMESPACE = "urn:ske:fastsetting:innsamling:grunnlagsdata:tilbakemelding:innsendingstilbakemelding:v2"

_FORBIDDEN = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # not allowed in XML

STATUS = {"accepted": "godkjent", "warning": "godkjent", "rejected": "avvist"}
HEADLINE = {
    "accepted": "Leveransen er godkjent",
    "warning": "Leveransen er godkjent med advarsler",
    "rejected": "Leveransen er avvist",
}


def as_pdf(submission: Submission, feedback: Feedback) -> bytes:
    lines = [
        f"Oppgave: {submission.title}",
        f"Organisasjonsnummer: {submission.orgnr}",
        f"Periode: {submission.period}",
        f"Mottatt: {submission.created:%Y-%m-%d %H:%M:%S} UTC",
        f"Behandlet: {feedback.at:%Y-%m-%d %H:%M:%S} UTC",
        f"Forsendelse: {submission.id}",
        f"Deres referanse: {submission.reference}",
        "",
    ]
    for finding in feedback.findings:
        lines += [f"{finding.severity.capitalize()} {finding.code}: {finding.text}"]
        lines += [text for text in (finding.description, finding.guidance) if text] + [""]
    lines.append("Dette er et svar fra en sandkasse. Det har ingen virkning hos Skatteetaten.")
    return pdf.document(title=HEADLINE[feedback.verdict], lines=lines)


def as_xml(submission: Submission, feedback: Feedback) -> bytes:
    """The XML that the service of `submission` would answer with."""
    shape = _rf1086 if submission.service == RF1086.id else _gld
    root = shape(submission, feedback)
    indent(root)
    return bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def as_json(submission: Submission, feedback: Feedback) -> bytes:
    """A-melding's answer. Its structure is known only from test doubles of other projects."""
    status = "AVVIST" if feedback.verdict == "rejected" else "MOTTATT"
    findings = [
        {"kode": f.code, "beskrivelse": f.description or f.text, "alvorlighetsgrad": f.severity.upper()}
        for f in feedback.findings
    ]
    mottak: dict[str, Any] = {"mottakstatus": status, "avvik": findings}
    if feedback.verdict != "rejected":
        mottak |= amelding_content.payment(submission.content[0], submission.orgnr, submission.period)
    return msgspec.json.encode({"meldingsId": submission.reference, "mottak": mottak})


def _rf1086(submission: Submission, feedback: Feedback) -> Element:
    root = Element("tilbakemelding", xmlns=RF1086_NAMESPACE)
    SubElement(SubElement(root, "magnetArInfo"), "innsendingsId").text = submission.reference
    delivery = SubElement(root, "leveranse")
    SubElement(SubElement(delivery, "oppgavegiver"), "organisasjonsnummer").text = submission.orgnr
    SubElement(delivery, "inntektsaar").text = submission.period
    summary = SubElement(delivery, "leveranseoppsummering")
    SubElement(summary, "leveransestatus").text = STATUS[feedback.verdict]
    SubElement(summary, "vaarLeveransereferanse").text = submission.reference
    for finding in feedback.findings:
        _add_finding(delivery, "avvik", finding)
    return root


def _gld(submission: Submission, feedback: Feedback) -> Element:
    root = Element("tilbakemelding", xmlns=GLD_NAMESPACE)
    SubElement(root, "oppgavetype").text = submission.service.removeprefix("innrapportering-")
    sending = SubElement(root, "innsending")
    SubElement(SubElement(sending, "innsender"), "organisasjonsnummer").text = submission.system_user_orgnr
    SubElement(sending, "innsendingstidspunkt").text = _moment(submission.created)
    SubElement(sending, "behandletTidspunkt").text = _moment(feedback.at)
    SubElement(sending, "forsendelseid").text = submission.id
    file = SubElement(root, "fil")
    for finding in feedback.findings:
        _add_finding(file, "filavvik", finding)
    rejected = feedback.verdict == "rejected"
    _children(
        SubElement(file, "leveranseoppsummering"),
        antallLeveranser="1",
        antallGodkjenteLeveranser="0" if rejected else "1",
        antallAvvisteLeveranser="1" if rejected else "0",
    )
    _add_delivery(file, submission, feedback)
    return root


def _add_delivery(file: Element, submission: Submission, feedback: Feedback) -> None:
    delivery = SubElement(file, "leveranse")
    _children(delivery, leveransestatus=STATUS[feedback.verdict], leveransereferanse=submission.id)
    if submission.reference:
        _children(delivery, oppgavegiversleveransereferanse=submission.reference)
    SubElement(SubElement(delivery, "oppgavegiver"), "organisasjonsnummer").text = submission.orgnr
    _children(delivery, inntektsaar=submission.period[:4])
    count = submission.counts.get("antallOppgaver", 0)
    warned = count if feedback.verdict == "warning" else 0
    _children(
        SubElement(delivery, "oppgaveoppsummering"),
        antallOppgaver=str(count),
        antallAvvisteOppgaver=str(count if feedback.verdict == "rejected" else 0),
        antallOppgaverMedVarsel=str(warned),
    )


def _add_finding(parent: Element, name: str, finding: Finding) -> None:
    element = SubElement(parent, name)
    _children(element, avvikskode=finding.code, avvikstekst=finding.text)
    if finding.description:
        _children(element, beskrivelse=finding.description)
    if finding.guidance:
        _children(element, veiledning=finding.guidance)
    _children(element, alvorlighetsgrad=finding.severity)


def _children(parent: Element, **texts: str) -> None:
    for name, text in texts.items():
        SubElement(parent, name).text = _FORBIDDEN.sub("", text)


def _moment(value: Any) -> str:
    return str(value.isoformat().replace("+00:00", "Z"))
