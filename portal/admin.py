"""The audit trail and the outbox in Django admin: to read and search. Nothing is added, changed or deleted here."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from portal.core.admin import Mendable, Unchangeable, act_on_each
from portal.core.audit import AuditEvent, AuditSeal
from portal.core.backup.row import Backup
from portal.core.outbox import settle
from portal.core.outbox.message import OutboxMessage, hash_of
from portal.core.retention.run import PurgeRun
from portal.explain import explain
from portal.explain.audit import PRESENTERS, present


class OfType(admin.SimpleListFilter):
    """By the declared types: the database is not asked which ones a large trail has."""

    title = _("hendelse")
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(what), presenter.title) for what, presenter in PRESENTERS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEvent]) -> QuerySet[AuditEvent]:
        return queryset.filter(what=self.value()) if self.value() else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(Unchangeable):
    list_display = ("at", "sentence", "by", "row", "environment", "what")
    list_filter = ("environment", OfType)
    search_fields = ("by", "target", "what")
    readonly_fields = ("sentence", "row")

    @admin.display(description=_("i ord"))
    def sentence(self, event: AuditEvent) -> str:
        return present(event).sentence

    @admin.display(description=_("gjelder"), ordering="target")
    def row(self, event: AuditEvent) -> str:
        """What the event is about, with a link where Django admin has a page for it."""
        label, _colon, key = event.target.partition(":")
        try:
            model = apps.get_model(label)
            address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[key])
        except (LookupError, ValueError, NoReverseMatch):
            return event.target
        return format_html('<a href="{}">{} {}</a>', address, capfirst(model._meta.verbose_name), key)


@admin.register(AuditSeal)
class AuditSealAdmin(Unchangeable):
    list_display = ("sealed_at", "first_event", "last_event", "chain_hash")
    exclude = ("row_hashes",)


@admin.register(Backup)
class BackupAdmin(Unchangeable):
    list_display = ("began_at", "finished_at", "name", "bytes", "documents")


@admin.register(PurgeRun)
class PurgeRunAdmin(Unchangeable):
    list_display = ("kind", "planned_at", "begins_at", "planned", "done", "finished_at", "ordered_by", "problem_code")
    list_filter = ("kind",)


class NeedsPerson(admin.SimpleListFilter):
    """Those that the overview counts."""

    title = _("venter på noen")
    parameter_name = "needs"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("person", _("Ja"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> QuerySet[OutboxMessage]:
        if self.value() != "person":
            return queryset
        return queryset.filter(pk__in=OutboxMessage.objects.needing_a_person().values("pk"))


@admin.register(OutboxMessage)
class OutboxMessageAdmin(Mendable):
    """The content never shows, the address only masked. A whole address can be searched for."""

    list_display = ("created_at", "kind", "receiver", "status", "status_at", "attempts", "problem")
    list_filter = (NeedsPerson, "status", "kind")
    search_fields = ("key",)
    readonly_fields = ("problem",)
    actions = ("send_again", "close", "try_now", "release")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[OutboxMessage], search_term: str
    ) -> tuple[QuerySet[OutboxMessage], bool]:
        if "@" in search_term or "://" in search_term:
            return queryset.filter(address_hash=hash_of(search_term)), False
        result: tuple[QuerySet[OutboxMessage], bool] = super().get_search_results(request, queryset, search_term)
        return result

    @admin.display(description=_("problem"))
    def problem(self, message: OutboxMessage) -> str:
        return str(explain(message.problem_code).title) if message.problem_code else ""

    @admin.action(description=_("Send på nytt"), permissions=["mend"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> None:
        act_on_each(request, queryset, settle.send_again)

    @admin.action(description=_("Avslutt uten å sende"), permissions=["mend"])
    def close(self, request: HttpRequest, queryset: QuerySet[OutboxMessage]) -> None:
        act_on_each(request, queryset, settle.close)
