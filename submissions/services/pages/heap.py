"""The page of a heap: how far it is, what it has become by service, and its packages or files as rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from portal.core.filters import Group, chips, in_group
from portal.core.paging import Page, changed, paginate
from portal.explain import Explanation, explain
from submissions.models import Heap, HeapFile, HeapPackage
from submissions.models.heap import period_of
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.drafting.package_check import OPEN
from submissions.services.heaps.groups import UNCHECKED, Where, grouped, state_of
from submissions.services.heaps.ordering import packages_of, service_names
from submissions.services.heaps.problems import TWO_PERSONS, of_file, problems
from submissions.services.heaps.rest import rest_of, shown_name
from submissions.services.heaps.sending import left_to_page

V, F = HeapPackage.Verdict, HeapFile.Verdict
PACKAGES = [
    Group(Where.READY, _("Kan bli kladder"), Q(where=Where.READY)),
    Group(Where.DRAFTS, _("Kladder som er klare"), Q(where=Where.DRAFTS)),
    Group(Where.LOOK, _("Må ses på"), Q(where=Where.LOOK)),
    Group(Where.SENT, _("Sendt"), Q(where=Where.SENT)),
    Group(Where.MOVING, _("Under arbeid"), Q(where=Where.MOVING)),
    Group(Where.CANCELLED, _("Forkastet"), Q(where=Where.CANCELLED)),
]
"""A package is in one of them."""
FILES = [
    Group("choose", _("Velg tjeneste"), Q(verdict=F.CHOOSE)),
    Group("unknown", _("Ukjente filer"), Q(verdict__in=[F.UNKNOWN_CUSTOMER, F.UNKNOWN_KIND, F.UNREADABLE])),
    Group("refused", _("Ikke tatt inn"), Q(verdict__in=[F.REFUSED, F.SAME])),
    Group("files", _("Alle filer"), Q()),
]
"""The codes are used in URLs."""


@dataclass(frozen=True)
class Progress:
    """Of files. `outside`: sorted, and in no package. `problem` is why the work stands still; None while it goes on."""

    sorted: int
    total: int
    outside: int
    size: int
    is_moving: bool
    problem: Explanation | None = None


@dataclass(frozen=True)
class ServiceRow:
    """The packages of one service and period. `query` filters the list to these."""

    service: str
    period: str
    files: int
    packages: int
    ready: int
    drafts: int
    look: int
    sent: int
    query: str


@dataclass(frozen=True)
class Row:
    """A package or a file. `customer_id` and `draft_id` 0: there is nothing to lead to; `package_id` 0: a file."""

    name: str
    sub: str
    customer_id: int
    service: str
    period: str
    files: int
    code: str
    label: str
    problem: str
    draft_id: int = 0
    package_id: int = 0
    file_id: int = 0
    can_add: bool = False
    choices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Choice:
    """Files that fit the same services: one answer for all of them."""

    value: str
    files: int
    services: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Listed:
    """A heap in the list of heaps."""

    pk: int
    at: datetime
    owner: str
    files: int
    packages: int


def listed(heaps: QuerySet[Heap]) -> list[Listed]:
    """Three queries."""
    rows = list(heaps.select_related("owner"))
    files = _counted(HeapFile.objects.filter(heap__in=[row.pk for row in rows]))
    packages = _counted(HeapPackage.objects.filter(heap__in=[row.pk for row in rows]))
    return [
        Listed(row.pk, row.created_at, str(row.owner), files.get(row.pk, 0), packages.get(row.pk, 0)) for row in rows
    ]


def _counted(rows: QuerySet[Any]) -> dict[int, int]:
    return dict(rows.order_by().values_list("heap").annotate(n=Count("pk")))


def progress(heap: Heap) -> Progress:
    waiting, outside = Q(verdict=F.WAITING), Q(package__isnull=True)
    numbers = heap.files.aggregate(
        total=Count("pk"),
        waiting=Count("pk", filter=waiting),
        outside=Count("pk", filter=outside & ~waiting),
        size=Sum("size", default=0),
    )
    is_moving = heap.next_attempt_at is not None or heap.packages.filter(UNCHECKED).exists()
    problem = explain(heap.problem_code) if heap.problem_code else None
    sorted_ = numbers["total"] - numbers["waiting"]
    return Progress(sorted_, numbers["total"], numbers["outside"], numbers["size"], is_moving, problem)


@dataclass(frozen=True)
class Read:
    """What several parts of the page need, asked for once. `apart`: of `grouped`."""

    heap: Heap
    user: User
    apart: frozenset[str]
    services: list[ServiceRow]

    @property
    def rows(self) -> QuerySet[HeapPackage]:
        return grouped(packages_of(self.heap, self.user), apart=self.apart)

    @property
    def packages(self) -> int:
        return sum(row.packages for row in self.services)

    @property
    def draftable(self) -> int:
        return sum(row.ready for row in self.services)

    @property
    def look(self) -> int:
        return sum(row.look for row in self.services)


def read(heap: Heap, user: User) -> Read:
    apart = frozenset(left_to_page(heap))
    return Read(heap, user, apart, _services(heap, user, apart))


def _services(heap: Heap, user: User, apart: frozenset[str]) -> list[ServiceRow]:
    """Two queries. A package that the worker makes between them has no files yet."""
    about = ("service", "period_kind", "period_start")
    rows = packages_of(heap, user).order_by(*about).values(*about)
    files = {tuple(row[:3]): row[3] for row in rows.annotate(n=Count("files")).values_list(*about, "n")}
    shown = (Where.READY, Where.DRAFTS, Where.LOOK, Where.SENT)
    numbers = {one.value: Count("pk", filter=Q(where=one)) for one in shown}
    counted = (
        grouped(packages_of(heap, user), apart=apart)
        .order_by(*about)
        .values(*about)
        .annotate(packages=Count("pk"), **numbers)
    )
    return [_service_row(row, files.get(tuple(row[name] for name in about), 0)) for row in counted]


def spoken(period: Period | None) -> str:
    return period.spoken if period else ""


def _service_row(row: dict[str, Any], files: int) -> ServiceRow:
    query = QueryDict(mutable=True)
    of = period_of(row["period_kind"], row["period_start"])
    query["service"], query["period"] = row["service"], str(of or "")
    period = spoken(of)
    numbers = {name: row[name] for name in ("packages", "ready", "drafts", "look", "sent")}
    return ServiceRow(catalogue.name_of(row["service"]), period, files, query=query.urlencode(), **numbers)


def choices(heap: Heap) -> list[Choice]:
    rows = heap.files.filter(verdict=F.CHOOSE).order_by("choices").values_list("choices").annotate(n=Count("pk"))
    return [Choice(value, number, tuple(service_names(value))) for value, number in rows]


def rest_count(heap: Heap, user: User) -> int:
    return rest_of(heap, user).count()


def filters(of: Read, query: QueryDict) -> list[dict[str, Any]]:
    """Chips of packages, also those of one service alone, then of files. Each has the number of rows that it leads to."""
    files, alone = of.heap.files.all(), _without_service(query)
    if not of.packages:
        return chips(files, FILES, query=alone, parameter="state", always=("files",), default="files")
    chosen, label = _of_service(of.rows, query), _service_label(query)
    of_packages = chips(chosen, PACKAGES, query=query, parameter="state")
    everything = {"label": _("Alle innsendinger"), "count": of.packages, "is_current": False}
    of_packages[0] |= (
        {"label": label, "count": chosen.count()} if label else {**everything, "is_current": not query.get("state")}
    )
    if label:
        of_packages.insert(0, everything | {"query": changed(alone, state="")})
    return [*of_packages, *chips(files, FILES, query=alone, parameter="state", always=("files",))[1:]]


def _without_service(query: QueryDict) -> QueryDict:
    alone = query.copy()
    for name in ("service", "period"):
        alone.pop(name, None)
    return alone


def _of_service(rows: QuerySet[HeapPackage], query: QueryDict) -> QuerySet[HeapPackage]:
    """Those of the service, and of the period, that the query names."""
    if service := query.get("service", ""):
        rows = rows.filter(service=service)
        if period := Period.found(query.get("period", "")):
            rows = rows.filter(**period.columns())
    return rows


def _service_label(query: QueryDict) -> str:
    """ "" when no service is chosen."""
    service = query.get("service", "")
    return f"{catalogue.name_of(service)} {spoken(Period.found(query.get('period', '')))}".strip() if service else ""


def page(of: Read, query: QueryDict) -> Page[Row]:
    """Packages, or files when one of their groups is chosen or nothing is in a package."""
    state = query.get("state", "")
    names = {group.code for group in FILES}
    if state in names or not (state or of.packages):
        return _files(of, query, state)
    rows = in_group(_of_service(of.rows, query), PACKAGES, state)
    loaded = _loaded(rows).annotate(n=Count("files"))
    found = paginate(loaded, query=query, order=("pk",))
    texts = _texts(of, found.rows)
    return found.of(lambda row: _package_row(row, texts[row.pk]))


def _texts(of: Read, packages: Iterable[HeapPackage]) -> dict[int, str]:
    rows = list(packages)
    texts = problems(rows)
    waiting = [row.pk for row in rows if row.service in of.apart and row.draft and row.draft.status in OPEN]
    return texts | {pk: texts[pk] or str(TWO_PERSONS) for pk in waiting}


def _loaded(rows: QuerySet[HeapPackage]) -> QuerySet[HeapPackage]:
    has_refused = Q(draft__package_check__refused__isnull=False)
    loaded = rows.defer(None).select_related("customer", "draft", "other")
    return loaded.annotate(has_refused=Count("pk", filter=has_refused))


def _package_row(row: Any, problem: str) -> Row:
    code, label = state_of(row)
    leads_to = row.draft or row.other
    return Row(
        row.customer.name, row.customer.orgnr, row.customer_id, catalogue.name_of(row.service), row.period.spoken, row.n,
        code, label, problem, leads_to.pk if leads_to else 0, row.pk,
        can_add=row.draft is None and row.verdict == V.OPEN_DRAFT,
    )  # fmt: skip


def _files(of: Read, query: QueryDict, state: str) -> Page[Row]:
    found = paginate(in_group(of.heap.files.defer(None), FILES, state), query=query, order=("pk",))
    packages = _packages_of(of, found.rows)
    texts = _texts(of, packages.values())
    return found.of(lambda file: _file_row(file, packages.get(file.package_id or 0), texts))


def _packages_of(of: Read, files: Iterable[HeapFile]) -> dict[int, HeapPackage]:
    rows = of.rows.filter(pk__in={file.package_id for file in files if file.package_id})
    return {row.pk: row for row in _loaded(rows)}


def _file_row(file: HeapFile, package: HeapPackage | None, texts: dict[int, str]) -> Row:
    code, label = state_of(package) if package else (file.verdict, file.get_verdict_display())
    names = service_names(file.choices or file.service)
    sub = f"{package.customer.name} {file.orgnr}" if package else file.orgnr
    start: date | None = file.period_start
    return Row(
        shown_name(file.filename), sub, package.customer_id if package else 0, " / ".join(name for _id, name in names),
        spoken(period_of(file.period_kind, start)), 1, code, label, of_file(file, texts),
        package.draft_id or 0 if package else 0, file_id=file.pk,
        choices=tuple(names) if file.verdict == F.CHOOSE else (),
    )  # fmt: skip
