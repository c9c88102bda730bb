"""What a file of material is: by its ending and its first bytes; of a SAF-T file also whom it is about.

What Skatteetaten accepts is not public. A file whose content is not what its name says would be no use to anybody.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from django.utils.translation import gettext_lazy as _

from submissions import safe_xml
from submissions.adapters.base import About, FileReport, Finding, Level, NamedFile
from submissions.adapters.texts import XML_TEXTS, Text, render

FILE = "FILE"
SAFT, REGISTERED = "AuditFile", "RegistrationNumber"
SIGNATURES: Mapping[str, bytes] = {".pdf": b"%PDF", ".zip": b"PK\x03\x04", ".xlsx": b"PK\x03\x04"}
TEXT_ENDINGS = frozenset({".csv", ".json"})
PLAIN_NAME = re.compile(r"[\wæøåÆØÅ][\w æøåÆØÅ().-]{0,98}\.[A-Za-z0-9]{1,10}", re.ASCII)
"""The names that the sandbox takes. Skatteetaten's own rule is not public."""
NINE_DIGITS = re.compile(r"(?<![0-9])[0-9]{9}(?![0-9])")
TEXTS: Mapping[str, Text] = {
    "EMPTY_FILE": _("Filen er tom. Velg filen på nytt, eller lag den på nytt i fagsystemet."),
    "WRONG_KIND": _("Innholdet er ikke det navnet sier. Her tas XML, ZIP, PDF, XLSX, CSV og JSON."),
    "ODD_NAME": _("Filnavnet har tegn som Skatteetaten kan si nei til. Bruk bokstaver, tall, bindestrek og punktum."),
    "OTHER_ORGNR": _("SAF-T-filen er om %(given)s, og kunden er %(orgnr)s."),
    "TWICE": _("To filer heter %(name)s. Gi dem hvert sitt navn."),
    "MORE": _("Det er %(n)s funn til."),
}


def inspect(file: NamedFile, about: About) -> FileReport:
    """One file. Without a role it is not sent."""
    if finding := _content_fault(file):
        return FileReport("", (finding,), file=file.name)
    findings: list[Finding] = []
    if not PLAIN_NAME.fullmatch(file.name):
        findings.append(Finding(Level.WARNING, "ODD_NAME", file=file.name))
    facts, orgnr = {"size": len(file.content), "kind": PurePath(file.name).suffix.removeprefix(".").upper()}, ""
    if facts["kind"] == "XML":
        try:
            facts["root"], orgnr = _of_xml(file.content)
        except safe_xml.UnreadableXml as error:
            finding = Finding(Level.ERROR, error.code, error.params, file.name, error.line)
            return FileReport("", (finding,), file=file.name)
    if orgnr and orgnr != about.orgnr:
        params = {"given": orgnr, "orgnr": about.orgnr}
        findings.append(Finding(Level.WARNING, "OTHER_ORGNR", params, file.name))
    return FileReport(FILE, tuple(findings), orgnr=orgnr, file=file.name, facts=facts)


def _content_fault(file: NamedFile) -> Finding | None:
    """Why the file is none that can be sent. What XML says is read elsewhere."""
    ending = PurePath(file.name).suffix.lower()
    if not file.content.strip():
        return Finding(Level.ERROR, "EMPTY_FILE", file=file.name)
    if ending == ".xml":
        return None
    signature = SIGNATURES.get(ending)
    is_right = file.content.startswith(signature) if signature else ending in TEXT_ENDINGS and _is_text(file.content)
    return None if is_right else Finding(Level.ERROR, "WRONG_KIND", file=file.name)


def _is_text(content: bytes) -> bool:
    return b"\x00" not in content[:4096] and not any(content.startswith(sign) for sign in SIGNATURES.values())


def _of_xml(content: bytes) -> tuple[str, str]:
    """The name of the root, and the organisation number of a SAF-T file, or "". Element by element: such a file is large.

    Raises safe_xml.UnreadableXml.
    """
    name, given = "", None
    for path, element in safe_xml.walk(content, most_bytes=safe_xml.MAX_BYTES):
        name = path[0]
        if given is None and name == SAFT and path[-1] == REGISTERED:
            given = element.text or ""
    found = NINE_DIGITS.search((given or "").replace(" ", ""))
    return name, found.group() if found else ""


def between(reports: Sequence[FileReport]) -> list[Finding]:
    """Findings between files: two of one name cannot be told apart at the authority."""
    names = Counter(report.file.casefold() for report in reports)
    firsts = {report.file.casefold(): report.file for report in reports}
    twice = [firsts[name] for name, number in names.items() if number > 1]
    return [Finding(Level.ERROR, "TWICE", {"name": name}, name) for name in twice]


def text_of(finding: Finding) -> str:
    return render(finding, TEXTS, XML_TEXTS)
