"""The numbers of a heap's page: of its packages by service and period, and of its files. Each is counted in one query."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import BooleanField, Case, Count, Q, QuerySet, Sum, Value, When
from django.http import QueryDict

from accounts.models import User
from portal.explain import Explanation, explain
from submissions.models import Heap, HeapFile, HeapPackage
from submissions.models.heap import period_of
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.catalogue import Local
from submissions.services.heaps.groups import UNCHECKED, Where, grouped
from submissions.services.heaps.ordering import packages_of, service_names
from submissions.services.heaps.sending import is_watched, left_to_page

F = HeapFile.Verdict
ABOUT = ("service", "period_kind", "period_start")
Key = tuple[Any, ...]


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
class Choice:
    """Files that fit the same services: one answer for all of them."""

    value: str
    files: int
    services: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class ToSend:
    """How many drafts can be sent without a further question, and of how many customers."""

    drafts: int
    customers: int


@dataclass(frozen=True)
class Files:
    """How many files of a heap have the same verdict, choices and place. `package`: service and period of their package, None without
    one, or in one of a customer that the person does not see. `is_outside`: in no package at all. `is_free`: that package has no draft.
    """

    verdict: str
    choices: str
    package: Key | None
    is_outside: bool
    is_free: bool
    number: int
    size: int

    @property
    def is_rest(self) -> bool:
        """As of `rest_of`."""
        return self.verdict != F.WAITING and (self.is_outside or self.is_free)


@dataclass(frozen=True)
class Read:
    """What several parts of the page need, asked for once. `apart`: of `grouped`. `local`: the vendor's settings, where they were read.

    `packages` has the numbers of each service and period by `Where`, `files` those of files.
    """

    heap: Heap
    user: User
    local: Local | None
    apart: frozenset[str]
    packages_by: Mapping[Key, Mapping[str, Any]]
    files: list[Files]

    @property
    def rows(self) -> QuerySet[HeapPackage]:
        return grouped(packages_of(self.heap, self.user), apart=self.apart)

    @cached_property
    def services(self) -> list[ServiceRow]:
        files: dict[Key, int] = defaultdict(int)
        for one in self.files:
            if one.package:
                files[one.package] += one.number
        return [_service_row(key, row, files[key]) for key, row in self.packages_by.items()]

    @property
    def packages(self) -> int:
        return sum(row["packages"] for row in self.packages_by.values())

    @property
    def draftable(self) -> int:
        return self.packages_in(Where.READY)

    @property
    def look(self) -> int:
        return self.packages_in(Where.LOOK)

    def packages_in(self, where: str, *, service: str = "", period: Period | None = None) -> int:
        """Those of one service, and of one period, when they are given."""
        fits = (row[where] for key, row in self.packages_by.items() if _is_about(key, service, period))
        return sum(fits)

    def packages_about(self, service: str, period: Period | None) -> int:
        return sum(row["packages"] for key, row in self.packages_by.items() if _is_about(key, service, period))

    @property
    def to_send(self) -> ToSend:
        customers = {customer for row in self.packages_by.values() for customer in row["customers"] or []}
        return ToSend(self.packages_in(Where.DRAFTS), len(customers))

    @property
    def progress(self) -> Progress:
        heap = self.heap
        total = sum(one.number for one in self.files)
        waiting = self.files_in([F.WAITING])
        outside = sum(one.number for one in self.files if one.is_outside and one.verdict != F.WAITING)
        is_moving = heap.next_attempt_at is not None or any(row["unchecked"] for row in self.packages_by.values())
        problem = explain(heap.problem_code) if heap.problem_code else None
        size = sum(one.size for one in self.files)
        return Progress(total - waiting, total, outside, size, is_moving, problem)

    def files_in(self, verdicts: Iterable[str]) -> int:
        wanted = set(verdicts)
        return sum(one.number for one in self.files if one.verdict in wanted)

    @property
    def choices(self) -> list[Choice]:
        numbers: dict[str, int] = defaultdict(int)
        for one in self.files:
            if one.verdict == F.CHOOSE:
                numbers[one.choices] += one.number
        return [Choice(value, number, tuple(service_names(value))) for value, number in sorted(numbers.items())]

    @property
    def rest(self) -> int:
        """How many files `rest_of` gives."""
        return sum(one.number for one in self.files if one.is_rest)


def read(heap: Heap, user: User) -> Read:
    """Two queries, where the heap has its source, and one more for a watched folder."""
    local = catalogue.local(heap.environment) if is_watched(heap) else None
    apart = frozenset(left_to_page(heap, local=local))
    return Read(heap, user, local, apart, _packages(heap, user, apart), _files(heap, user))


def _packages(heap: Heap, user: User, apart: frozenset[str]) -> dict[Key, dict[str, Any]]:
    numbers: dict[str, Any] = {one.value: Count("pk", filter=Q(where=one)) for one in Where}
    customers = ArrayAgg("customer", filter=Q(where=Where.DRAFTS), distinct=True)
    counted = grouped(packages_of(heap, user), apart=apart).order_by(*ABOUT).values(*ABOUT)
    counted = counted.annotate(
        packages=Count("pk"), unchecked=Count("pk", filter=UNCHECKED), customers=customers, **numbers
    )
    return {tuple(row[name] for name in ABOUT): row for row in counted}


def _files(heap: Heap, user: User) -> list[Files]:
    mine = Case(
        When(package__in=packages_of(heap, user), then=Value(True)), default=Value(False), output_field=BooleanField()
    )
    free = Case(When(package__draft__isnull=True, then=Value(True)), default=Value(False), output_field=BooleanField())
    outside = Case(When(package__isnull=True, then=Value(True)), default=Value(False), output_field=BooleanField())
    names = ("verdict", "choices", "mine", "free", "outside", *(f"package__{name}" for name in ABOUT))
    rows = heap.files.annotate(mine=mine, free=free, outside=outside).order_by().values(*names)
    return [
        Files(
            row["verdict"], row["choices"], tuple(row[f"package__{name}"] for name in ABOUT) if row["mine"] else None,
            row["outside"], row["mine"] and row["free"], row["n"], row["bytes"],
        )
        for row in rows.annotate(n=Count("pk"), bytes=Sum("size"))
    ]  # fmt: skip


def _is_about(key: Key, service: str, period: Period | None) -> bool:
    return (not service or key[0] == service) and (not period or period_of(key[1], key[2]) == period)


def _service_row(key: Key, row: Mapping[str, Any], files: int) -> ServiceRow:
    query = QueryDict(mutable=True)
    service, kind, start = key
    of = period_of(kind, start)
    query["service"], query["period"] = service, str(of or "")
    numbers = {name: row[name] for name in ("packages", "ready", "drafts", "look", "sent")}
    return ServiceRow(catalogue.name_of(service), spoken(of), files, query=query.urlencode(), **numbers)


def spoken(period: Period | None) -> str:
    return period.spoken if period else ""
