"""The base classes of admin pages: their history is the audit trail, and their acts go through services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
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


class Bounded(admin.ModelAdmin):
    """Searches as in the portal: cleaned, and of a bounded length. The history of a row is its part of the audit trail."""

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

    show_full_result_count = False
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
