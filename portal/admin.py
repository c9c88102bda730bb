"""The audit trail in Django admin: to read and search. Nothing can be added, changed or deleted, here or elsewhere."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from portal.models import AuditEvent, AuditSeal


class Unchangeable(admin.ModelAdmin):
    """Rows with a history: to look at, search and filter; changed by the portal's own pages and workers alone."""

    show_full_result_count = False
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(AuditEvent)
class AuditEventAdmin(Unchangeable):
    list_display = ("at", "by", "environment", "target", "what")
    list_filter = ("environment",)
    search_fields = ("by", "target", "what")


@admin.register(AuditSeal)
class AuditSealAdmin(Unchangeable):
    list_display = ("sealed_at", "first_event", "last_event", "chain_hash")
    exclude = ("row_hashes",)
