"""Submissions, dialogs and documents in Django admin, for the operator: to read, and to mend what is stuck through services.

What the pages of the portal show in whole (activities of a dialog, what was ticked for production) is not here.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ActionForm
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from portal.core.admin import Bounded, CleanModelForm, Mendable, Unchangeable, act_on_each, actor, tell
from portal.core.enqueue import enqueue_by_name
from portal.core.forms import CleanText
from submissions import models
from submissions.services import catalogue
from submissions.services.casework import acts
from submissions.services.drafting import drafts
from submissions.services.local import is_possible, save_setting
from submissions.services.sending import again

CALL = ("ordinal", "step", "status", "attempts", "started_at", "milliseconds", "http_status", "code", "remote_id")
DOCUMENT = ("role", "filename", "media_type", "size", "sha256", "stored_at")


class ServiceSettingForm(CleanModelForm):
    """A service that the portal has a way for, and a note wherever the catalogue is overruled."""

    service = forms.ChoiceField(label=_("tjeneste"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if "service" in self.fields:
            possible = [(entry.id, str(entry)) for entry in catalogue.services() if is_possible(entry)]
            self.fields["service"].choices = possible  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        day, month = data.get("deadline_day"), data.get("deadline_month")
        if (day and day > 31) or (month and (month > 12 or not day)):
            self.add_error("deadline_day", _("Skriv en dag fra 1 til 31, og en måned fra 1 til 12 for en årlig frist."))
        if (day or data.get("openness")) and not data.get("note"):
            self.add_error("note", _("Skriv hvorfor, og hvor dere vet det fra."))
        return data


class Shown(admin.TabularInline):
    """Rows that are only looked at."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class Calls(Shown):
    model = models.Call
    fields = readonly_fields = CALL


class Documents(Shown):
    model = models.Document
    fields = readonly_fields = DOCUMENT


@admin.register(models.Submission)
class SubmissionAdmin(Mendable):
    list_display = [
        "id",
        "customer",
        "service",
        "period",
        "status",
        "status_at",
        "attempts",
        "next_attempt_at",
        "problem_code",
    ]
    list_filter = ["environment", "status", "service", "period_kind"]
    list_select_related = ["customer"]
    search_fields = [
        "customer__orgnr",
        "customer__name",
        "=dialog_id",
        "=transmission_id",
        "=reference",
        "=receipt_reference",
    ]
    inlines = [Calls, Documents]
    actions = ["send_again", "try_now", "release"]

    @admin.action(description=_("Send det som feilet, på nytt"), permissions=["mend"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[models.Submission]) -> None:
        def act(row: models.Submission, **who: Any) -> None:
            again.try_again(submission=row, **who)

        act_on_each(request, queryset, act, errors=(drafts.NotAllowed,))
        enqueue_by_name("submissions.tasks.send_submissions")


@admin.register(models.ServiceSetting)
class ServiceSettingAdmin(Bounded):
    """What the vendor knows better than the catalogue: where a service is open, and its deadline. The page turns it on and off."""

    list_display = [
        "service",
        "environment",
        "is_on",
        "needs_approval",
        "openness",
        "deadline_day",
        "deadline_month",
        "deadline_weekend",
        "note",
    ]
    list_filter = ["environment", "is_on"]
    search_fields = ["service"]
    form = ServiceSettingForm
    fields = [
        "environment",
        "service",
        "is_on",
        "openness",
        "deadline_day",
        "deadline_month",
        "deadline_weekend",
        "note",
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: models.ServiceSetting | None = None) -> list[str]:
        return ["environment", "service"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The row says that the service was on once."""
        return False

    def save_model(self, request: HttpRequest, obj: models.ServiceSetting, form: Any, change: bool) -> None:
        save_setting(setting=obj, by=actor(request), at=timezone.now())


@admin.register(models.Order)
class OrderAdmin(Mendable):
    list_display = ["id", "customer", "service", "period", "status", "status_at", "next_attempt_at", "problem_code"]
    list_filter = ["environment", "status", "service"]
    list_select_related = ["customer"]
    search_fields = ["customer__orgnr", "customer__name", "=reference", "=remote_id"]


@admin.register(models.Heap)
class HeapAdmin(Mendable):
    list_display = ["id", "owner", "created_at", "touched_at", "sorted_at", "next_attempt_at", "problem_code"]
    list_filter = ["environment"]
    list_select_related = ["owner"]


@admin.register(models.Call)
class CallAdmin(Unchangeable):
    list_display = [
        "submission",
        "ordinal",
        "step",
        "status",
        "attempts",
        "started_at",
        "milliseconds",
        "http_status",
        "code",
    ]
    list_filter = ["status", "step", "http_status"]
    list_select_related = ["submission__customer"]
    search_fields = ["=key", "=remote_id", "code"]
    exclude = ["answer"]


@admin.register(models.Document)
class DocumentAdmin(Unchangeable):
    list_display = ["filename", "role", "customer", "size", "media_type", "stored_at"]
    list_filter = ["role", "media_type", "customer__environment"]
    list_select_related = ["customer"]
    readonly_fields = ["filename"]
    sortable_by = ["role", "customer", "size", "media_type", "stored_at"]
    search_fields = ["=sha256", "customer__orgnr", "customer__name"]


class AssignForm(CleanText, ActionForm):
    """Beside the choice of an action: whom it is about."""

    person = forms.ModelChoiceField(User.objects.none(), label=_("til"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        people = User.objects.filter(is_active=True).order_by("name", "email")
        self.fields["person"].queryset = people  # type: ignore[attr-defined]


@admin.register(models.Dialog)
class DialogAdmin(Mendable):
    list_display = [
        "title",
        "customer",
        "service_resource",
        "status",
        "content_updated_at",
        "next_attempt_at",
        "attempts",
    ]
    list_filter = ["environment", "status", "org"]
    list_select_related = ["customer"]
    action_form = AssignForm
    actions = ["assign", "try_now", "release"]
    search_fields = ["=dialog_id", "title", "customer__orgnr", "customer__name", "=external_reference"]

    @admin.action(description=_("Gi ansvaret til den som er valgt, eller til ingen"), permissions=["mend"])
    def assign(self, request: HttpRequest, queryset: QuerySet[models.Dialog]) -> None:
        person = User.objects.filter(is_active=True, pk=request.POST.get("person") or 0).first()
        total = queryset.count()
        done = acts.assign(dialogs=queryset, to=person, by=actor(request), at=timezone.now())
        tell(request, done=done, total=total)


@admin.register(models.Transmission)
class TransmissionAdmin(Unchangeable):
    list_display = ["title", "type", "dialog", "submission", "is_authorized", "created_at"]
    list_filter = ["type", "is_authorized", "dialog__environment"]
    list_select_related = ["dialog", "submission__customer"]
    search_fields = ["=transmission_id", "=related_id", "title"]


@admin.register(models.Opening)
class OpeningAdmin(Mendable):
    list_display = ["transmission", "status", "problem_code", "opened_by", "opened_at"]
    list_filter = ["status"]
    list_select_related = ["transmission"]
    search_fields = ["=transmission__transmission_id"]


@admin.register(models.PollCursor)
class PollCursorAdmin(Mendable):
    list_display = ["access", "next_attempt_at", "polled_at", "changed_at", "lease_until", "failures", "problem_code"]
    list_filter = ["problem_code", "access__environment"]
    list_select_related = ["access__customer", "access__profile"]
    search_fields = ["access__customer__orgnr", "access__customer__name"]


@admin.register(models.EventSubscription)
class EventSubscriptionAdmin(Mendable):
    list_display = ["resource", "access", "altinn_id", "validated_at", "next_attempt_at", "failures", "problem_code"]
    list_filter = ["problem_code", "access__environment"]
    list_select_related = ["access__customer", "access__profile"]
    search_fields = ["=altinn_id", "access__customer__orgnr"]
    exclude = ["secret_hash"]


@admin.register(models.RefusedResource)
class RefusedResourceAdmin(Unchangeable):
    list_display = ["resource", "environment", "closed_at", "asked_at"]
    list_filter = ["environment"]
    search_fields = ["resource"]


@admin.register(models.ReceivedEvent)
class ReceivedEventAdmin(Unchangeable):
    list_display = ["type", "subscription", "received_at"]
    list_filter = ["type"]
    search_fields = ["=event_id"]
