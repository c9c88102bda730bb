"""A list of rows as a page: a search, filters, a table, and one page of rows after the other.

A list is a subclass of ListPage, made anew for each request, and a template that extends `lists/page.html`. What all lists
do alike (find, filter, page, what an empty list says) is here and in `templates/lists/`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from typing import IO, Any, ClassVar, Generic, TypeVar, cast

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.core import exports, filters
from portal.core.counting import Number, Over, number_counted, number_of, spaced
from portal.core.database import keyed
from portal.core.exports import Field
from portal.core.filters import Group, chips, counts, groups_of_few, in_group
from portal.core.heartbeat import is_working_for
from portal.core.htmx import asked_fragment
from portal.core.paging import CURSORS, SIZE, Page, changed, paginate, reversed_order
from portal.core.search import row_id, search_text
from portal.core.selection import Act

RESULTS = "results"
"""The element that a search replaces: chips, table and pager."""
SORT = "sort"
"""The parameter of the address that names the column to sort by."""
SIZES = (25, SIZE, 100, 200)
ARRANGED = (*CURSORS, SORT, "size", "file")
"""The parameters that choose no rows: they only arrange them."""

Asked = TypeVar("Asked", bound=HttpRequest)
Rows = TypeVar("Rows", bound=QuerySet[Any])


@dataclass(frozen=True)
class Column:
    """A column of the table: its heading. `code` and `order` make it a column to sort by.

    `order` as of `paginate`, with an index behind it and no empty values: what the first press on the heading gives.
    """

    label: Any
    code: str = ""
    order: tuple[str, ...] = ()


@dataclass(frozen=True)
class Heading:
    """A column as the table shows it. `sorting` is ARIA's word; `query` leads to the list in that order, or turned around."""

    label: Any
    query: str = ""
    sorting: str = ""

    @property
    def arrow(self) -> str:
        return {"ascending": "↑", "descending": "↓"}.get(self.sorting, "↕")


@dataclass(frozen=True)
class Nothing:
    """What a list says that has no rows at all, whatever the search."""

    title: Any
    text: Any


@dataclass(frozen=True)
class Link:
    """A page of the environment: the name of its address, and the words that lead there."""

    name: str
    label: Any


@dataclass(frozen=True)
class Select:
    """A choice beside the search: a parameter of the address, and `options` as (value, name); "" chooses all."""

    name: str
    label: Any
    options: Sequence[tuple[str, Any]]
    chosen: str
    has_all: bool = True
    """False: one option is always chosen, and says what the list is about."""


class ListPage(Generic[Asked, Rows]):
    """One list for one request. A subclass says what is its own; `respond` answers.

    `find` gives the rows that the user may see and that match `self.text`; `load` adds what a row shows; `rows` makes of
    one page what the template reads as `row`. The template's blocks are named in `templates/lists/page.html`.
    """

    template: ClassVar[str]
    title: Any
    columns: ClassVar[tuple[Column, ...]]
    order: ClassVar[tuple[str, ...]]
    """As of `paginate`: all in one direction, the last one unique."""
    search_label: ClassVar[Any] = ""
    """"": the list has no search."""
    nothing: Nothing | None = None
    """None only where the template has the block `nothing`, or the list is never empty."""
    new: ClassVar[Link | None] = None
    """Makes a new row; for those who `may_work`."""
    parent: Link | None = None
    """The page above the list, when it is none of the menu."""
    parameter: ClassVar[str] = "state"
    """The parameter of the chosen chip in the address."""
    default: ClassVar[str] = ""
    """The group that an address without the parameter shows; "": all rows."""
    always: ClassVar[tuple[str, ...]] = ()
    """Groups that have a chip also when they have no rows."""
    file_name: str = ""
    """Of the file with all rows, without its ending; it names the list in the audit trail. "": there is no such file."""
    fields: tuple[Field, ...] = ()
    """The columns of that file."""
    acts: ClassVar[tuple[Act, ...]] = ()
    """What can be done with picked rows; what `rows` makes then has `pk` and `label`. The view takes the POST."""

    def __init__(self, request: Asked) -> None:
        self.request = request
        self.at = timezone.now()

    # --- What a list says of itself -----------------------------------------------------------------------------------

    def find(self) -> Rows:
        raise NotImplementedError

    def groups(self) -> list[Group]:
        """The groups that the address can name."""
        return []

    def apart(self) -> Group | None:
        """The group of rows that the list leaves out, with its chips, unless the group is chosen."""
        return None

    @cached_property
    def selects(self) -> list[Select]:
        """The choices beside the search; `find` heeds them."""
        return []

    def ordering(self) -> tuple[str, ...]:
        return self.order

    def load(self, rows: Rows) -> Rows:
        return rows

    def row(self, each: Any) -> Any:
        """What the template shows of one row. No queries."""
        return each

    def rows(self, found: list[Any]) -> list[Any]:
        """What the template shows of a page; for lists that need queries for all rows together."""
        return [self.row(each) for each in found]

    # --- What follows from it -----------------------------------------------------------------------------------------

    @cached_property
    def text(self) -> str:
        return search_text(self.request) if self.search_label else ""

    @cached_property
    def chosen(self) -> str:
        """The code of the chosen group; unknown codes choose nothing."""
        return self.request.GET.get(self.parameter, self.default)

    @cached_property
    def matching(self) -> Rows:
        """By the search, in all groups."""
        return self.find()

    @cached_property
    def few(self) -> dict[int, set[str]] | None:
        """As of `groups_of_few`. None too where nobody has narrowed the list, or `find` adds to the rows."""
        if not self.is_narrowed or self.matching.query.annotations:
            return None
        return groups_of_few(self.matching, self._groups, apart=self._apart, known_by=self.question)

    @cached_property
    def filtered(self) -> Rows:
        """By the search and the chosen group: what the address names, on all its pages, in any order."""
        rows, few = self.matching, self.few
        if few is None:
            return in_group(rows, self._groups, self.chosen, apart=self._apart)
        code = self.chosen if any(group.code == self.chosen for group in self._all_groups) else ""
        keys = [key for key, codes in few.items() if code in codes]
        return cast("Rows", keyed(rows.model._default_manager.all(), keys))

    @cached_property
    def is_working(self) -> bool:
        """See `heartbeat.is_working`."""
        return is_working_for(self.request, at=self.at)

    @cached_property
    def current_order(self) -> tuple[str, ...]:
        """By the heading in the address, `name` or turned around `-name`; else the list's own."""
        asked = self.request.GET.get(SORT, "")
        for column in self.columns:
            if column.order and asked.removeprefix("-") == column.code:
                return reversed_order(column.order) if asked.startswith("-") else column.order
        return self.ordering()

    @property
    def saved_query(self) -> str:
        """What a saved view of this list keeps of the address."""
        return self.query(file="")

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What a new search leaves as it is, besides the chosen chip: order and size."""
        return [(name, self.request.GET[name]) for name in (SORT, "size") if self.request.GET.get(name)]

    def headings(self) -> list[Heading]:
        return [self._heading(column) for column in self.columns]

    def sorting(self) -> list[Heading]:
        """The headings to sort by."""
        return [heading for heading in self.headings() if heading.query]

    def _heading(self, column: Column) -> Heading:
        if not column.order:
            return Heading(column.label)
        is_current = self.current_order in (column.order, reversed_order(column.order))
        turned = f"-{column.code}" if self.current_order == column.order else column.code
        is_down = self.current_order[0].startswith("-")
        sorting = ("descending" if is_down else "ascending") if is_current else "none"
        return Heading(column.label, self.query(**{SORT: turned}), sorting)

    @cached_property
    def size(self) -> int:
        asked = row_id(self.request.GET.get("size", ""))
        return asked if asked in SIZES else SIZE

    def sizes(self) -> list[tuple[int, str]]:
        """Numbers of rows on a page, and where they lead; none for a list that fits on the smallest page."""
        is_long = self.page.next_query or self.page.is_later or len(self.page) > SIZES[0]
        return [(size, self.query(size=str(size))) for size in SIZES] if is_long else []

    @cached_property
    def page(self) -> Page[Any]:
        rows = self.load(self.filtered)
        page = paginate(rows, query=self.request.GET, order=self.current_order, size=self.size)
        return page.showing(self.rows(page.rows))

    @cached_property
    def number(self) -> Number:
        """Of the rows on all pages."""
        if not (self.page.next_query or self.page.is_later):
            return Number(len(self.page))
        counted = self.counted.get(self.chosen)
        if counted is None:
            return number_of(self.filtered, known_by=[*self.question, self.chosen])
        if self.text and counted > self.most:
            return Number(Over(self.most))  # what the planner expects of words says little
        return number_counted(counted, self.filtered, known_by=[*self.question, self.chosen], most=self.most)

    @property
    def hits(self) -> str:
        """How many rows there are, in words; also told after a search."""
        number = self.number
        if not number.value:
            return _("Ingen treff") if self.is_filtered else ""
        text = _("Omtrent %(n)s rader") if number.is_estimate else ngettext("%(n)s rad", "%(n)s rader", number.value)
        return text % {"n": spaced(number.value)}

    @cached_property
    def question(self) -> list[Any]:
        """For `counting.kept`, what decides which rows the list has, beside the time and what is stored: the page, all that the user
        is and may see, and what they chose. Order and place in the list choose no rows.
        """
        user = self.request.user
        chosen = sorted(
            (name, values) for name, values in self.request.GET.lists() if name not in (*ARRANGED, self.parameter)
        )
        who = getattr(user, "standing", user.pk)
        return [type(self).__qualname__, self.request.path, who, chosen, str(timezone.localdate(self.at))]

    @cached_property
    def _groups(self) -> list[Group]:
        return self.groups()

    @cached_property
    def _apart(self) -> Group | None:
        return self.apart()

    @cached_property
    def _all_groups(self) -> list[Group]:
        """Those with a chip, and the group that is kept apart, whose rows are in no other."""
        apart = self._apart
        shown = [one for one in self._groups if not one.is_hidden or one.code == self.chosen]
        if apart is None:
            return shown
        return [*(replace(one, condition=one.condition & ~apart.condition) for one in shown), apart]

    @cached_property
    def counted(self) -> dict[str, int]:
        """As of `counts`, by the code of a group; "" for the rows without a group, of a list that has a chip for them. One query."""
        groups = self._all_groups
        if groups and not self.default:
            apart = self._apart
            groups = [*groups, Group("", "", ~apart.condition if apart else Q())]
        if self.few is not None:
            return {group.code: sum(group.code in codes for codes in self.few.values()) for group in groups}
        return counts(self.matching, groups, most=self.most, known_by=self.question)

    @property
    def most(self) -> int:
        """So far groups are counted."""
        return filters.COUNT_FOUND_TO if self.text else filters.COUNT_TO

    def chips(self) -> list[dict[str, Any]]:
        return chips(
            self.matching,
            self._all_groups,
            query=self.request.GET,
            parameter=self.parameter,
            always=self.always,
            default=self.default,
            counted=self.counted,
            most=self.most,
        )

    @property
    def may_pick(self) -> bool:
        return bool(self.acts) and getattr(self.request.user, "may_work", False)

    @cached_property
    def is_filtered(self) -> bool:
        """Whether a person has narrowed the list, or chosen a group, so that an empty one says that nothing matches."""
        return self.is_narrowed or self.chosen != self.default

    @property
    def is_narrowed(self) -> bool:
        """By the search, or by a choice beside it."""
        return bool(self.text or any(each.chosen for each in self.selects if each.has_all))

    @property
    def downloads(self) -> list[tuple[str, str]]:
        """Names and queries of the files with all these rows; none of a list without rows, or without a file."""
        if not self.file_name or not len(self.page):
            return []
        return [(format.upper(), self.query(file=format)) for format in exports.MEDIA_TYPES]

    def query(self, **changes: str) -> str:
        """The query of this page with `changes`, from the first page."""
        return changed(self.request.GET, **changes)

    def everything(self) -> Iterator[Any]:
        """All rows on all pages, as the template shows them, in batches. Within a transaction."""
        found = self.load(self.filtered).order_by(*self.current_order).iterator(chunk_size=exports.BATCH)
        while batch := list(islice(found, exports.BATCH)):
            yield from self.rows(batch)

    def download(self, format: str) -> FileResponse:
        """All rows as a file; the trail has who took it, and how many rows."""
        with transaction.atomic():
            return exports.as_download(self.request, self.file_name, format, *self._table(), at=self.at)

    def file(self, format: str) -> IO[bytes]:
        """As `download`, for a command."""
        with transaction.atomic():
            return exports.as_file(self.request, self.file_name, format, *self._table(), at=self.at)

    def _table(self) -> tuple[list[str], Iterator[exports.Cells]]:
        """Headings, and rows that are read within a transaction."""
        return [str(field.label) for field in self.fields], exports.cells_of(self.fields, self.everything())

    def respond(self, *, context: dict[str, Any] | None = None, status: int = 200) -> HttpResponse:
        """The page, or to htmx its results only; with `file` in the address all rows as a file.

        The template has `list`, `page`, `chips` and `context`.
        """
        format = self.request.GET.get("file", "")
        if self.file_name and format in exports.MEDIA_TYPES and self.request.method == "GET":
            return cast("HttpResponse", self.download(format))
        is_fragment = asked_fragment(self.request, RESULTS) is not None
        own = {
            "list": self,
            "page": self.page,
            "chips": self.chips(),
            "around": "lists/fragment.html" if is_fragment else "base.html",
            "is_fragment": is_fragment,
        }
        response = render(self.request, self.template, {**own, **(context or {})}, status=status)
        response["Vary"] = "HX-Request"
        return response
