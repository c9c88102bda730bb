"""The content of the 31 services: what every leveranse must have, and whether its summary agrees with its items.

Single fields are checked only for the two services whose schema is published; the rest is their common structure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

from .catalogue import Service
from .errors import Spec, spec
from .gld_fields import faults_of_item
from .records import Finding

YEAR_AS_TEXT = frozenset({"innrapportering-skattefrieutbetalinger"})
YEAR = re.compile("[0-9]{4}")
TYPES = ("ordinaer", "ingenoppgaver")
PURPOSES = ("bolig", "fritidsboligNorge", "fritidsboligUtland", "ikkeBolig")

Delivery = dict[str, Any]
MOST_DIGITS = 100  # a longer number is not an amount and is not summed


def deliveries(service: Service, body: Any) -> list[Delivery]:
    """The readable leveranser of a body, also when other parts of it are wrong."""
    content = body.get("leveranse") if isinstance(body, dict) else None
    entries = content if isinstance(content, list) else [content]
    return [entry for entry in entries if isinstance(entry, dict)]


def by_path(service: Service, entries: list[Delivery]) -> list[tuple[str, Delivery]]:
    """Each leveranse with its JSON path."""
    return [(f"leveranse[{n}]" if service.many else "leveranse", entry) for n, entry in enumerate(entries)]


def parties(entries: list[Delivery]) -> list[str]:
    givers = [entry.get("oppgavegiver") for entry in entries]
    numbers = [giver.get("organisasjonsnummer") for giver in givers if isinstance(giver, dict)]
    return [number for number in numbers if isinstance(number, str) and number]


def party(entries: list[Delivery]) -> str:
    return next(iter(parties(entries)), "")


def items(service: Service, entry: Delivery) -> list[Any]:
    """The items of a leveranse, by the service's path; [] when there are none."""
    value: Any = entry
    for name in service.items_path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, list) else []


def faults(service: Service, body: Any) -> list[Spec]:
    """Errors in the form of the content."""
    content = body.get("leveranse") if isinstance(body, dict) else None
    if content is None:
        return [spec("1022", "Påkrevd felt mangler", sti="leveranse")]
    if isinstance(content, list) != service.many or not isinstance(content, list | dict):
        return [spec("1022", "Må være en liste" if service.many else "Må være et objekt", sti="leveranse")]
    if service.many and (not content or not all(isinstance(entry, dict) for entry in content)):
        return [spec("1022", "Må ha minst ett objekt, og bare objekter", sti="leveranse")]
    entries = deliveries(service, body)
    return [fault for path, entry in by_path(service, entries) for fault in _faults_of(service, path, entry)]


def is_year(service: Service, value: Any) -> bool:
    """A whole number. The published sample of one service has the year as a text."""
    written = service.id in YEAR_AS_TEXT and isinstance(value, str) and YEAR.fullmatch(value) is not None
    return written or type(value) is int


def _faults_of(service: Service, path: str, entry: Delivery) -> Iterator[Spec]:
    if not parties([entry]):
        yield spec("1022", "Påkrevd felt mangler", sti=f"{path}.oppgavegiver.organisasjonsnummer")
    if not is_year(service, entry.get("inntektsaar")):
        value = entry.get("inntektsaar", "")
        yield spec("1022", "Må være et heltall på fire sifre", sti=f"{path}.inntektsaar", value=value)
    if entry.get("leveransetype") not in TYPES:
        text = f"Må være en av {', '.join(TYPES)}"
        yield spec("1022", text, sti=f"{path}.leveransetype", value=entry.get("leveransetype", ""))
    if service.many and entry.get("boligselskapFormaal") not in PURPOSES:
        text = f"Må være en av {', '.join(PURPOSES)}"
        yield spec("1022", text, sti=f"{path}.boligselskapFormaal", value=entry.get("boligselskapFormaal", ""))
    for name in ("kildesystem", "oppgavegiversLeveranseReferanse"):
        if name in entry and not (isinstance(entry[name], str) and len(entry[name]) <= 100):
            yield spec("1022", "Må være en tekst på høyst 100 tegn", sti=f"{path}.{name}", value=entry[name])
    if not isinstance(entry.get("sletteoppgave", []), list):
        yield spec("1022", "Må være en liste", sti=f"{path}.sletteoppgave")
    yield from _faults_of_summary(service, path, entry)
    yield from _faults_of_items(service, path, entry)


def _faults_of_summary(service: Service, path: str, entry: Delivery) -> Iterator[Spec]:
    summary = entry.get(service.summary_key)
    if not isinstance(summary, dict):
        yield spec("1022", "Påkrevd felt mangler", sti=f"{path}.{service.summary_key}")
    elif type(summary.get("antallOppgaver")) is not int:
        sti = f"{path}.{service.summary_key}.antallOppgaver"
        yield spec("1022", "Må være et heltall", sti=sti, value=summary.get("antallOppgaver", ""))


def _faults_of_items(service: Service, path: str, entry: Delivery) -> Iterator[Spec]:
    for number, item in enumerate(items(service, entry)):
        item_path = f"{path}.{service.items_path}[{number}]"
        if not isinstance(item, dict):
            yield spec("1022", "Må være et objekt", sti=item_path)
        else:
            yield from faults_of_item(service.id, item_path, item)


def findings(service: Service, entries: list[Delivery]) -> list[Finding]:
    """Contradictions in a well-formed delivery. Such a delivery is received and then rejected."""
    return [finding for entry in entries for finding in _findings(service, entry)]


def _findings(service: Service, entry: Delivery) -> Iterator[Finding]:
    rows, summary = items(service, entry), entry[service.summary_key]
    if summary["antallOppgaver"] != len(rows):
        yield Finding(
            code="ANTALL_OPPGAVER",
            text="Antall oppgaver stemmer ikke med oppsummeringen",
            description=f"Oppsummeringen sier {summary['antallOppgaver']}, leveransen har {len(rows)}.",
            guidance="Rett oppsummeringen eller legg ved oppgavene som mangler.",
        )
    if entry["leveransetype"] == "ingenoppgaver" and rows:
        yield Finding(
            code="INGEN_OPPGAVER",
            text="Leveransen er merket ingenoppgaver, men har oppgaver",
            guidance="Bruk leveransetype ordinaer.",
        )
    if entry["leveransetype"] == "ordinaer" and not rows and not entry.get("sletteoppgave"):
        yield Finding(
            code="TOM_LEVERANSE",
            text="Leveransen har ingen oppgaver",
            guidance="Bruk leveransetype ingenoppgaver når det ikke er noe å rapportere.",
        )
    yield from _sums(service, rows, summary)


def _sums(service: Service, rows: list[Any], summary: dict[str, Any]) -> Iterator[Finding]:
    """Whether the sums of the summary are those of the items. One without any number is not looked at."""
    for name, path in service.sums.items():
        numbers = [number for item in rows for number in _at(item, path.split("."))]
        stated = _number(summary.get(name))
        if stated is None or not numbers:
            continue
        total = sum(numbers, Decimal(0))
        if total != stated:
            yield Finding(
                code="SUM",
                text=f"{name} stemmer ikke med oppgavene",
                description=f"Oppsummeringen sier {stated}, oppgavene har til sammen {total}.",
                guidance=f"Kontroller {path.rsplit('.', 1)[-1]} i hver oppgave.",
            )


def _at(value: Any, path: list[str]) -> Iterator[Decimal]:
    """Every number at the path; a name with [] goes through a list."""
    if not path:
        number = _number(value)
        yield from () if number is None else (number,)
    elif isinstance(value, dict):
        below = value.get(path[0].removesuffix("[]"))
        for child in below if isinstance(below, list) else [below]:
            yield from _at(child, path[1:])


def _number(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < MOST_DIGITS else None
