"""Sorts the files of a heap: each is read once, the adapters say what it can be, and it is put in the package it belongs to.

Results are written in batches. A worker that stops leaves the batches that it has written, and the next one goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import Min

from accounts.models import Customer
from portal.core.bulk import write_columns
from portal.core.lease import Hold
from submissions.adapters import ADAPTERS, ANSWERING, adapter
from submissions.adapters.base import Entry, Finding, Match, NamedFile, Period, PeriodKind
from submissions.models import Heap, HeapFile, HeapPackage, stored
from submissions.services import catalogue
from submissions.services.documents import DocumentDamaged, read_stored
from submissions.services.drafting import checking

BATCH = 500
"""Files between two writes: so many are read again after a worker stopped."""
STORE_AFTER = timedelta(seconds=20)
logger = logging.getLogger(__name__)
V = HeapFile.Verdict
COLUMNS = (
    "package_id", "verdict", "code", "detail", "matches", "choices", "orgnr", "service", "period_kind", "period_start",
)  # fmt: skip
Key = tuple[int, str, str, date]
"""Of a package: customer, service, kind and first day of the period."""
KEY = ("customer_id", "service", "period_kind", "period_start")


@dataclass(frozen=True)
class Sorted:
    """What one file is. Without `matches`, `verdict` says why."""

    file: HeapFile
    matches: tuple[Match, ...] = ()
    verdict: str = V.UNKNOWN_KIND
    code: str = ""
    detail: stored.Detail | None = None


@dataclass
class Kinds:
    """The services that files can be for, by the extensions and adapters of their files. `on` can be sent.

    Those that are off are asked about too: a file of one of them must not pass for a report of another service.
    """

    on: frozenset[str] = frozenset()
    entries: dict[str, dict[str, list[Entry]]] = field(default_factory=dict)

    @classmethod
    def of_catalogue(cls, environment: str) -> Kinds:
        made = cls(frozenset(service.id for service in catalogue.reports(catalogue.local(environment))))
        for service in catalogue.services():
            for extension in service.extensions if service.adapter in ADAPTERS.keys() - ANSWERING else ():
                ways = made.entries.setdefault(extension, {})
                ways.setdefault(service.adapter, []).append(Entry(service.id, service.options))
        return made

    @cached_property
    def endings(self) -> str:
        return ", ".join(sorted(ending.removeprefix(".").upper() for ending in self.entries))

    def sort(self, file: HeapFile) -> Sorted:
        """Asks each way of working that takes files with this extension."""
        ways = self.entries.get(file.extension)
        if not ways:
            return Sorted(file, code="OTHER_ENDING", detail={"params": {"kinds": self.endings}})
        try:
            content = read_stored(file.sha256)
        except DocumentDamaged:
            return Sorted(file, verdict=V.UNREADABLE, code=DocumentDamaged.code)
        try:
            return self._asked(file, NamedFile("", content), ways)
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:  # a fault of ours in reading one file keeps no other file back
            logger.error("file %s of heap %s cannot be read: %s", file.pk, file.heap_id, type(error).__name__)
            return Sorted(file, verdict=V.UNREADABLE, code="READER_FAILED")

    def _asked(self, file: HeapFile, named: NamedFile, ways: dict[str, list[Entry]]) -> Sorted:
        answers = [(name, adapter(name).recognise(named, entries)) for name, entries in ways.items()]
        matches = [match for _name, answer in answers for match in answer.matches]
        usable = tuple(match for match in matches if match.service in self.on)
        if usable:
            return Sorted(file, _of_size(usable, len(named.content)))
        if matches:
            services = ",".join(dict.fromkeys(match.service for match in matches))
            return Sorted(file, code="SERVICE_OFF", detail={"params": {"services": services}})
        unread = [(name, answer.finding) for name, answer in answers if answer.finding]
        if not unread:
            return Sorted(file, code="NO_SERVICE")
        name, finding = unread[0]
        return Sorted(file, verdict=V.UNREADABLE, code="FINDING", detail=_detail(name, finding))


def _of_size(matches: tuple[Match, ...], size: int) -> tuple[Match, ...]:
    """Those whose services are for files of this size. All of them when none is: the check of the draft says why."""
    return tuple(match for match in matches if catalogue.service(match.service).is_for_size(size)) or matches


def _detail(name: str, finding: Finding) -> stored.Detail:
    return {"adapter": name, "finding": checking.as_stored(finding)}


def step(hold: Hold[Heap], kinds: Kinds) -> bool:
    """Sort one batch. False when no file waits."""
    batch = list(
        hold.row.files.filter(verdict=V.WAITING)
        .exclude(sha256="")
        .only("heap", "sha256", "extension")
        .order_by("pk")[:BATCH]
    )
    if not batch:
        return False
    results = list(_read(hold, batch, kinds))
    with transaction.atomic():
        hold.lock()
        place(hold.row, results)
    return True


def _read(hold: Hold[Heap], batch: Sequence[HeapFile], kinds: Kinds) -> Iterator[Sorted]:
    """As many of the batch as there is time for; at least one. The same bytes are sorted once in a heap."""
    began = hold.now()
    first = _first(hold.row, batch)
    for file in batch:
        if first[file.sha256] < file.pk:
            yield Sorted(file, verdict=V.SAME, code="SAME_FILE")
        else:
            yield kinds.sort(file)
        if hold.now() - began > STORE_AFTER:
            return


def _first(heap: Heap, batch: Sequence[HeapFile]) -> dict[str, int]:
    hashes = [file.sha256 for file in batch]
    rows = heap.files.filter(sha256__in=hashes).order_by().values_list("sha256").annotate(first=Min("pk"))
    return dict(rows)


def place(heap: Heap, results: Sequence[Sorted]) -> None:
    """Write what the files are, and the packages of those that are certain. In a transaction, with the heap locked."""
    customers = _customers(heap, results)
    keys: dict[int, Key] = {}
    for result in results:
        customer = _fill(result, customers)
        if customer is not None and result.file.period_start is not None:
            file = result.file
            keys[file.pk] = (customer, file.service, file.period_kind, result.file.period_start)
    packages = _packages(heap, set(keys.values()))
    for result in results:
        key = keys.get(result.file.pk)
        result.file.package_id = packages[key] if key else None
    write_columns([result.file for result in results], *COLUMNS)


def _customers(heap: Heap, results: Iterable[Sorted]) -> dict[str, int]:
    """Those that the owner sees, by number. One of somebody else's portfolio is as unknown as one that does not exist."""
    numbers = {match.orgnr for result in results for match in result.matches if match.orgnr}
    rows = Customer.objects.visible_to(heap.owner).filter(environment=heap.environment, orgnr__in=numbers)
    return dict(rows.values_list("orgnr", "pk"))


def _fill(result: Sorted, customers: dict[str, int]) -> int | None:
    """Set the columns of the file. Gives the customer when the file belongs to a package."""
    file, matches = result.file, result.matches
    file.verdict, file.code, file.detail = result.verdict, result.code, result.detail
    services = list(dict.fromkeys(match.service for match in matches))
    file.choices = ",".join(services) if len(services) > 1 else ""
    file.matches = [_as_stored(match) for match in matches] if file.choices else []
    file.orgnr = _common({match.orgnr for match in matches})
    file.service = _common(set(services))
    periods = {match.period for match in matches}
    period = next(iter(periods)) if len(periods) == 1 else None
    file.period_kind, file.period_start = (period.kind.value, period.start) if period else ("", None)
    if matches:
        file.verdict, file.code, file.detail = _judged(file, customers), "", None
        file.code = "" if file.verdict == V.SORTED else _code(file)
    return customers[file.orgnr] if file.verdict == V.SORTED else None


def _judged(file: HeapFile, customers: dict[str, int]) -> str:
    if not file.orgnr or file.orgnr not in customers:
        return V.UNKNOWN_CUSTOMER
    if file.choices:
        return V.CHOOSE
    return V.SORTED if file.period_start else V.UNREADABLE


def _code(file: HeapFile) -> str:
    if file.verdict == V.UNKNOWN_CUSTOMER:
        return "UNKNOWN_CUSTOMER" if file.orgnr else "NO_ORGNR"
    return "SEVERAL_SERVICES" if file.verdict == V.CHOOSE else "NO_PERIOD"


def _common(values: set[str]) -> str:
    return next(iter(values)) if len(values) == 1 else ""


def _as_stored(match: Match) -> stored.Match:
    return {
        "service": match.service,
        "orgnr": match.orgnr,
        "period_kind": match.period.kind.value if match.period else "",
        "period": match.period.start.isoformat() if match.period else "",
        "role": match.role,
    }


def match_of(row: stored.Match) -> Match:
    period = Period(PeriodKind(row["period_kind"]), date.fromisoformat(row["period"])) if row["period"] else None
    return Match(row["service"], row["orgnr"], period, row["role"])


def _packages(heap: Heap, keys: set[Key]) -> dict[Key, int]:
    """The packages without a draft that the files belong to; new ones are made, and all are to be judged."""
    mine = heap.packages.filter(draft__isnull=True, customer__in={key[0] for key in keys})
    found: dict[Key, int] = {tuple(row[1:]): row[0] for row in mine.values_list("pk", *KEY)}
    again = [pk for key, pk in found.items() if key in keys]
    HeapPackage.objects.filter(pk__in=again).update(verdict=HeapPackage.Verdict.WAITING, wanted_at=None)
    missing = sorted(keys - set(found))
    new = HeapPackage.objects.bulk_create(HeapPackage(heap=heap, **dict(zip(KEY, key, strict=True))) for key in missing)
    return found | {key: row.pk for key, row in zip(missing, new, strict=True)}
