"""The base classes of admin pages: their history is the audit trail, and their acts go through services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import ShowFacets
from django.core.paginator import Paginator
from django.db import models
from django.db.models import QuerySet, Value
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal.core import release
from portal.core.forms import CleanText
from portal.core.search import bounded
from portal.core.states import IllegalTransition, LostRace
from portal.gateways.text import one_line


def actor(request: HttpRequest) -> str:
    """Who acts in Django admin, as the audit trail names them."""
    return str(getattr(request.user, "actor", ""))


class CleanModelForm(CleanText, forms.ModelForm):
    """The form of every page of Django admin that changes a row."""


MOST = 10_000
"""So many rows of a list can be paged through, and so many are looked at for the values that a filter offers."""


class AtLeast(int):
    """A number of rows of which there may be more."""

    def __str__(self) -> str:
        return f"{int(self)}+"


class BoundedPaginator(Paginator):
    """Counts and pages no further than MOST rows, however many there are: a search or a filter finds the others."""

    @cached_property
    def count(self) -> int:
        rows: QuerySet[Any] = self.object_list  # type: ignore[assignment] # of a list of Django admin
        number = rows.order_by().values_list(Value(1))[: MOST + 1].count()
        return number if number <= MOST else AtLeast(MOST)


class NewestValues(admin.AllValuesFieldListFilter):
    """Offers the values of the newest MOST rows: looking for all values reads a whole table for each page."""

    def __init__(self, field: Any, *rest: Any, **named: Any) -> None:
        super().__init__(field, *rest, **named)
        newest = field.model._base_manager.order_by("-pk").values(field.name)[:MOST]
        rows = field.model._base_manager.filter(pk__in=newest.values("pk")).order_by()
        self.lookup_choices: Any = sorted(set(rows.values_list(field.name, flat=True).distinct()) - {None})


def _has_any_values(field: models.Field[Any, Any]) -> bool:
    return isinstance(field, models.CharField | models.IntegerField) and not field.choices


admin.FieldListFilter.register(_has_any_values, NewestValues, take_priority=True)


class Bounded(admin.ModelAdmin):
    """Costs the same however many rows there are: the newest come first, by the key. Searches as in the portal: cleaned, and of a
    bounded length. The history of a row is its part of the audit trail.
    """

    ordering = ("-pk",)
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = ShowFacets.NEVER

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        query = urlencode(self.history_filter(object_id))
        return HttpResponseRedirect(f"{reverse('admin:portal_auditevent_changelist')}?{query}")

    def history_filter(self, object_id: str) -> dict[str, str]:
        """Which events are about the row."""
        return {"target": f"{self.model._meta.label}:{object_id}"}

    def get_search_results(self, request: HttpRequest, queryset: QuerySet[Any], search_term: str) -> Any:
        return super().get_search_results(request, queryset, bounded(one_line(search_term)))


class Unchangeable(Bounded):
    """Read-only admin: rows can be viewed, searched and filtered; only pages and workers change them."""

    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def act_on_each(
    request: HttpRequest, rows: QuerySet[Any], act: Callable[..., object], *, errors: tuple[type[Exception], ...] = ()
) -> None:
    """An action: the service `act` for each of the rows. Those that it is not for any more (`errors`, LostRace) are counted apart."""
    done, total, at, by = 0, 0, timezone.now(), actor(request)
    expected: tuple[type[Exception], ...] = (LostRace, IllegalTransition, *errors)
    for row in rows:
        total += 1
        try:
            act(row, by=by, at=at)
            done += 1
        except expected:
            continue
    tell(request, done=done, total=total)


def tell(request: HttpRequest, *, done: int, total: int) -> None:
    """How many rows an action changed."""
    text = ngettext("%(n)s rad er behandlet.", "%(n)s rader er behandlet.", done) % {"n": done}
    messages.add_message(request, messages.SUCCESS if done else messages.WARNING, text)
    if left := total - done:
        text = ngettext("%(n)s rad trengte det ikke.", "%(n)s rader trengte det ikke.", left) % {"n": left}
        messages.warning(request, text)


class Mendable(Unchangeable):
    """Of rows that workers take. Who has the right to change the model may have one tried at once, and take it from a worker."""

    actions: Any = ("try_now", "release")

    def has_mend_permission(self, request: HttpRequest) -> bool:
        meta = self.model._meta
        return bool(request.user.has_perm(f"{meta.app_label}.change_{meta.model_name}"))

    @admin.action(description=_("Prøv nå, uten å vente"), permissions=["mend"])
    def try_now(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        act_on_each(request, queryset, release.try_now)

    @admin.action(description=_("Frigi fra en arbeider som henger"), permissions=["mend"])
    def release(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        act_on_each(request, queryset, release.release)
