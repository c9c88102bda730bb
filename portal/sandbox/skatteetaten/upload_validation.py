"""Validation of an uploaded file: readable, a known ordning, one oppgavegiver, one year, no virus."""

from __future__ import annotations

from typing import Any

from . import amelding, forms1086
from .catalogue import AMELDING_UPLOAD, GLD_SERVICES
from .errors import DETAIL
from .records import Finding, Upload

NAMESPACE = "urn:ske:fastsetting:innsamling:"
TEST_VIRUS = "EICAR-STANDARD-ANTIVIRUS-TEST-FILE"
ORDNINGER = {
    "aksjesparekonto": "innrapportering-aksjesparekonto",
    "boligsparingungdom": "innrapportering-bsu",
    "bsu": "innrapportering-bsu",
    "internasjonalrapportering": "innrapportering-internasjonalrapportering",
    "finansprodukter": "innrapportering-finansprodukter",
    "innskuddutlaanrenter": "innrapportering-innskuddutlaanrenter",
    "innskuddutlaanogrenter": "innrapportering-innskuddutlaanrenter",
    "skattepliktigkundeutbytte": "innrapportering-skattepliktigkundeutbytte",
    "verdipapirfond": "innrapportering-verdipapirfond",
    "verdipapirfondshistorikk": "innrapportering-verdipapirfond",
}


def validate(upload: Upload) -> None:
    """Set the status, the errors and the values read from the file."""
    codes = "AMLD" if upload.service == AMELDING_UPLOAD.id else "GLD"
    codes_of_faults = _json_faults(upload) if codes == "AMLD" else _xml_faults(upload)
    if TEST_VIRUS in upload.content:
        codes_of_faults = ["1070"]
    upload.errors = [{"kode": f"{codes}_{code}", "melding": DETAIL[code][1]} for code in codes_of_faults]
    upload.status = "VALIDERING_FEILET" if codes_of_faults else "KLAR_TIL_INNSENDING"


def fail(upload: Upload) -> None:
    """The control itself fails. The status is published for third-party data only."""
    codes = "AMLD" if upload.service == AMELDING_UPLOAD.id else "GLD"
    upload.errors = [{"kode": f"{codes}_1053", "melding": DETAIL["1053"][1]}]
    upload.status = "TEKNISK_FEIL_VALIDERING"


def items_of(upload: Upload) -> int:
    """How many oppgaver a file has, in all its leveranser."""
    return sum(str(e.tag).rpartition("}")[2] == "oppgave" for e in forms1086.parse(upload.content.encode()).iter())


def findings(upload: Upload) -> list[Finding]:
    """What is found after the submission: the summaries must count the oppgaver."""
    stated = _texts(upload.content).get("antallOppgaver", [])
    if not stated or sum(int(text) for text in stated if text.isdecimal()) == items_of(upload):
        return []
    text = "Antall oppgaver i oppsummeringen stemmer ikke med oppgavene"
    return [Finding(code="ANTALL_OPPGAVER", text=text, guidance="Rett oppsummeringen, og send hele filen på nytt.")]


def resource_of(upload: Upload) -> str:
    """The resource of the ordning in the file's namespace; "" when there is none."""
    name = upload.namespace.removeprefix(NAMESPACE).split(":")[0].replace("_", "")
    wanted = ORDNINGER.get(name)
    return next((service.resource_id for service in GLD_SERVICES if service.id == wanted), "")


def reference_of(upload: Upload) -> str:
    """The sender's own reference in the file."""
    if upload.service == AMELDING_UPLOAD.id:
        return str(amelding.readable_text(upload.content).get("meldingsId", ""))
    texts = _texts(upload.content)
    return next(iter(texts.get("oppgavegiversLeveranseReferanse", [])), "")


def _xml_faults(upload: Upload) -> list[str]:
    try:
        root = forms1086.parse(upload.content.encode())
    except forms1086.Unreadable:
        return ["1001"]
    upload.namespace = str(root.tag).partition("}")[0].removeprefix("{")
    texts = _texts(upload.content)
    parties, years = set(texts.get("oppgavegiver", [])), set(texts.get("inntektsaar", []))
    codes = ["1102"] if len(parties) > 1 else []
    codes += ["1069"] if len(years) > 1 else []
    codes += ["1001"] if not parties or not years or not resource_of(upload) else []
    upload.orgnr, upload.year = next(iter(parties), upload.orgnr), next(iter(years), "")
    if not (len(upload.orgnr) == 9 and upload.orgnr.isdecimal()):
        codes.append("1201")
    return codes


def _texts(content: str) -> dict[str, list[str]]:
    """Texts by local name; `oppgavegiver` holds the organisation numbers inside elements of that name."""
    texts: dict[str, list[str]] = {}
    for element in forms1086.parse(content.encode()).iter():
        name = str(element.tag).rpartition("}")[2]
        if name == "oppgavegiver":
            numbers = [e.text or "" for e in element.iter() if str(e.tag).endswith("organisasjonsnummer")]
            texts.setdefault(name, []).extend(numbers)
        elif element.text and element.text.strip():
            texts.setdefault(name, []).append(element.text.strip())
    return texts


def _json_faults(upload: Upload) -> list[str]:
    delivery: dict[str, Any] = amelding.readable_text(upload.content)
    if not delivery or amelding.faults_of(delivery) or not amelding.MONTH.fullmatch(delivery["kalendermaaned"]):
        return ["1032"]
    upload.orgnr, upload.year = amelding.party(delivery), delivery["kalendermaaned"]
    return []
