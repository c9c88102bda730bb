"""The base class of admin pages whose rows have a history."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from portal.core.forms import CleanText
from portal.core.search import bounded
from portal.gateways.text import one_line


def actor(request: HttpRequest) -> str:
    """Who acts in Django admin, as the audit trail names them."""
    return str(getattr(request.user, "actor", ""))


class CleanModelForm(CleanText, forms.ModelForm):
    """The form of every page of Django admin that changes a row."""


class Bounded(admin.ModelAdmin):
    """Searches as in the portal: cleaned, and of a bounded length."""

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
