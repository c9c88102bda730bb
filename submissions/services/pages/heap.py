"""The page of a heap: how far it is, what it has become by service, and its packages or files as rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from portal.core.filters import Group, chips, in_group
from portal.core.paging import Page, changed, paginate
from submissions.models import Heap, HeapFile, HeapPackage
from submissions.models.heap import period_of
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.drafting.package_check import OPEN
from submissions.services.heaps.groups import Where, state_of
from submissions.services.heaps.ordering import service_names
from submissions.services.heaps.problems import TWO_PERSONS, of_file, problems
from submissions.services.heaps.rest import shown_name
from submissions.services.pages.heap_numbers import Read, read, spoken

__all__ = ["read", "spoken"]
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
VERDICTS = {
    "choose": [F.CHOOSE],
    "unknown": [F.UNKNOWN_CUSTOMER, F.UNKNOWN_KIND, F.UNREADABLE],
    "refused": [F.REFUSED, F.SAME],
    "files": list(F),
}
LABELS = {
    "choose": _("Velg tjeneste"), "unknown": _("Ukjente filer"), "refused": _("Ikke tatt inn"), "files": _("Alle filer"),
}  # fmt: skip
FILES = [Group(code, LABELS[code], Q(verdict__in=verdicts)) for code, verdicts in VERDICTS.items()]
"""The codes are used in URLs."""


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


def filters(of: Read, query: QueryDict) -> list[dict[str, Any]]:
    """Chips of packages, also those of one service alone, then of files. Each has the number of rows that it leads to. No queries."""
    alone, numbers = _without_service(query), {code: of.files_in(verdicts) for code, verdicts in VERDICTS.items()}
    of_files: dict[str, Any] = {"query": alone, "parameter": "state", "always": ("files",), "counted": numbers}
    files = of.heap.files.all()
    if not of.packages:
        return chips(files, FILES, default="files", **of_files)
    about = query.get("service", ""), Period.found(query.get("period", "")) if query.get("service") else None
    counted = {one.value: of.packages_in(one, service=about[0], period=about[1]) for one in Where}
    label = _service_label(query)
    of_packages = chips(of.rows, PACKAGES, query=query, parameter="state", counted=counted)
    everything = {"label": _("Alle innsendinger"), "count": of.packages, "is_current": False}
    of_packages[0] |= (
        {"label": label, "count": of.packages_about(*about)}
        if label
        else {**everything, "is_current": not query.get("state")}
    )
    if label:
        of_packages.insert(0, everything | {"query": changed(alone, state="")})
    return [*of_packages, *chips(files, FILES, **of_files)[1:]]


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
    texts = problems(rows, local=of.local)
    waiting = [row.pk for row in rows if row.service in of.apart and row.draft and row.draft.status in OPEN]
    return texts | {pk: texts[pk] or str(TWO_PERSONS) for pk in waiting}


def _loaded(rows: QuerySet[HeapPackage]) -> QuerySet[HeapPackage]:
    has_refused = Q(draft__package_check__refused__isnull=False)
    loaded = rows.defer(None).select_related("customer", "draft__access", "other")
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
