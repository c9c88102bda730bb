"""The base class of admin pages whose rows have a history."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


def actor(request: HttpRequest) -> str:
    """Who acts in Django admin, as the audit trail names them."""
    return str(getattr(request.user, "actor", ""))


class Unchangeable(admin.ModelAdmin):
    """Read-only admin: rows can be viewed, searched and filtered; only pages and workers change them."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
