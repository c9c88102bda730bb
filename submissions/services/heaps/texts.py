"""Why a file of a heap is in no package, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from submissions.adapters.base import Finding, Level
from submissions.adapters.texts import Params, Text, render
from submissions.models import HeapFile
from submissions.services import catalogue
from submissions.services.documents import DocumentDamaged
from submissions.services.drafting import checking


def _off(params: Params) -> str:
    names = " / ".join(catalogue.name_of(service) for service in params.get("services", "").split(","))
    return gettext("Filen er for %(service)s, som dere ikke har slått på. Se Tjenester.") % {"service": names}


TEXTS: dict[str, Text] = {
    "FILE_TOO_LARGE": checking.TEXTS["FILE_TOO_LARGE"],
    "ZIP_DAMAGED": _("Zip-filen kan ikke leses. Lag den på nytt."),
    "ZIP_DAMAGED_FILE": _("Filen er ødelagt i zip-filen. Lag zip-filen på nytt, eller legg filen inn alene."),
    "ZIP_ENCRYPTED": _("Zip-filen er låst med passord. Pakk den ut, og legg inn filene uten passord."),
    "ZIP_EMPTY": _("Zip-filen er tom."),
    "ZIP_NESTED": _("En pakket fil inni en zip-fil åpnes ikke. Pakk den ut først."),
    "ZIP_PATH": _("Zip-filen har et filnavn som peker ut av mappen. Lag den på nytt."),
    "ZIP_DEPTH": _("Zip-filen har mapper i mer enn %(most)s nivåer. Legg filene i færre nivåer."),
    "ZIP_LINK": _("Zip-filen har snarveier i stedet for filer. Lag den på nytt med filene selv."),
    "ZIP_METHOD": _("Zip-filen er pakket på en måte som ikke leses her. Lag den på nytt som en vanlig zip."),
    "ZIP_RATIO": _("Zip-filen pakkes ut til langt mer enn vanlige filer gjør. Legg inn filene uten zip."),
    "ZIP_TOO_MANY": _(
        "Zip-filen har flere filer enn det er plass til. En samling har høyst %(most)s filer. Del den opp."
    ),
    "ZIP_TOO_LARGE": _("Zip-filen er for stor utpakket. En samling er på høyst %(most)s MB. Del den opp."),
    "OTHER_ENDING": _("Slike filer kan ikke sendes. Eksporter fra fagsystemet som %(kinds)s."),
    "SERVICE_OFF": _off,
    "NO_SERVICE": _("Innholdet er ikke fra en tjeneste som kan sendes herfra."),
    "READER_FAILED": _("Portalen klarte ikke å lese filen. Meld fra til den som drifter portalen."),
    "SAME_FILE": _("Den samme filen ligger i samlingen fra før. Den brukes én gang."),
    "SEVERAL_SERVICES": _("Filen passer til flere tjenester. Velg hvilken."),
    "UNKNOWN_CUSTOMER": _("Organisasjonsnummeret er ikke en av kundene dine."),
    "NO_ORGNR": _("Filen sier ikke hvilken virksomhet den gjelder, eller den gjelder flere."),
    "NO_PERIOD": _("Filen sier ikke hvilken periode den gjelder, eller den gjelder flere."),
    DocumentDamaged.code: _("Filen kan ikke leses lenger. Legg den inn på nytt."),
}


def reason(file: HeapFile) -> str:
    """One sentence; "" for a file that is in a package."""
    detail = file.detail or {}
    if "finding" in detail:
        return checking.text_of(detail["finding"], adapter_name=detail["adapter"])
    return render(Finding(Level.ERROR, file.code, detail.get("params", {})), TEXTS) if file.code else ""
