"""The audit trail in Django admin: to read and search. Nothing can be added, changed or deleted, here or elsewhere."""

from __future__ import annotations

from django.contrib import admin

from portal.core.admin import Unchangeable
from portal.core.audit import AuditEvent, AuditSeal


@admin.register(AuditEvent)
class AuditEventAdmin(Unchangeable):
    list_display = ("at", "by", "environment", "target", "what")
    list_filter = ("environment",)
    search_fields = ("by", "target", "what")


@admin.register(AuditSeal)
class AuditSealAdmin(Unchangeable):
    list_display = ("sealed_at", "first_event", "last_event", "chain_hash")
    exclude = ("row_hashes",)
