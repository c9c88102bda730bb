"""Access in Django admin, for the operator: to read, and to mend what is stuck through services. Private keys are not shown.

What the pages of the portal show in whole (mail plans and texts, checks of the mail domain) is not here.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.core.admin import Mendable, Unchangeable, act_on_each
from portal.core.enqueue import enqueue_by_name
from systemusers.models import (
    Access,
    AccessProfile,
    Campaign,
    ChangeRequest,
    ClientRelation,
    ClientRound,
    CustomerMail,
    FoundSystemUser,
    Invitation,
    KeyRotation,
    MaskinportenClient,
    Offered,
    OfferedRound,
    RegisterChange,
    RightsCheck,
    ScopeGrant,
    SigningKey,
    System,
    SystemRound,
    SystemUser,
)
from systemusers.services import access as accesses
from systemusers.services import changes


@admin.register(MaskinportenClient)
class MaskinportenClientAdmin(Unchangeable):
    list_display = ("name", "client_id", "environment", "orgnr", "created_at")
    list_filter = ("environment",)
    search_fields = ("name", "client_id")


@admin.register(SigningKey)
class SigningKeyAdmin(Unchangeable):
    list_display = ("kid", "client", "status", "created_at", "expires_at", "last_used_at")
    list_filter = ("status", "client__environment")
    search_fields = ("kid", "client__name")
    list_select_related = ("client",)
    exclude = ("private_pem",)


@admin.register(KeyRotation)
class KeyRotationAdmin(Mendable):
    list_display = ("client", "status", "is_manual", "status_at", "posted_at", "attempts", "problem_code")
    list_filter = ("status", "client__environment")
    list_select_related = ("client",)


@admin.register(ScopeGrant)
class ScopeGrantAdmin(Unchangeable):
    list_display = ("scope", "client", "verdict", "code", "checked_at")
    list_filter = ("verdict", "client__environment")
    search_fields = ("scope",)
    list_select_related = ("client",)


@admin.register(System)
class SystemAdmin(Unchangeable):
    list_display = ("system_id", "name_nb", "environment", "status", "is_visible", "pushed_at", "compared_at")
    list_filter = ("environment", "status", "is_visible")
    search_fields = ("system_id", "name_nb")


@admin.register(SystemRound)
class SystemRoundAdmin(Mendable):
    list_display = ("system", "kind", "next_attempt_at", "attempts", "failures", "problem_code")
    list_filter = ("kind", "problem_code", "system__environment")
    list_select_related = ("system",)


@admin.register(RegisterChange)
class RegisterChangeAdmin(Unchangeable):
    list_display = ("system", "kind", "at", "by_orgnr", "client_id")
    list_filter = ("kind", "system__environment")
    list_select_related = ("system",)


@admin.register(AccessProfile)
class AccessProfileAdmin(Unchangeable):
    list_display = ("name", "system", "kind")
    list_filter = ("kind", "system__environment")
    search_fields = ("name", "system__system_id")
    list_select_related = ("system",)


@admin.register(Access)
class AccessAdmin(Mendable):
    list_display = (
        "customer", "profile", "environment", "status", "status_at", "remote_status", "problem_code", "next_attempt_at",
        "attempts", "failures",
    )  # fmt: skip
    list_filter = ("environment", "status", "problem_code", "profile__system")
    search_fields = ("customer__name", "customer__orgnr", "altinn_id", "reference", "external_ref")
    list_select_related = ("customer", "profile")
    exclude = ("sealed_link", "link_hash", "confirm_url")  # secrets: they allow acting for the customer
    actions = ("send_again", "try_now", "release")

    @admin.action(description=_("Send til Altinn på nytt"), permissions=["mend"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Access]) -> None:
        def act(row: Access, **who: Any) -> None:
            accesses.send_again(access=row, **who)

        act_on_each(request, queryset, act)
        enqueue_by_name("systemusers.tasks.send_accesses")


@admin.register(SystemUser)
class SystemUserAdmin(Unchangeable):
    list_display = ("altinn_id", "access", "kind", "created_at", "seen_at", "first_token_at", "removed_at")
    list_filter = ("kind", "access__environment")
    search_fields = ("altinn_id", "access__customer__name", "access__customer__orgnr")
    list_select_related = ("access__customer", "access__profile")


@admin.register(FoundSystemUser)
class FoundSystemUserAdmin(Mendable):
    list_display = (
        "orgnr",
        "external_ref",
        "kind",
        "system",
        "found_at",
        "chosen_at",
        "ignored_at",
        "gone_at",
        "problem_code",
    )
    list_filter = ("kind", "system", "problem_code")
    search_fields = ("orgnr", "external_ref", "altinn_id")
    list_select_related = ("system",)


@admin.register(RightsCheck)
class RightsCheckAdmin(Mendable):
    list_display = ("access", "checked_at", "next_attempt_at", "attempts", "failures", "problem_code")
    list_filter = ("problem_code", "access__environment")
    search_fields = ("access__customer__name", "access__customer__orgnr")
    list_select_related = ("access__customer", "access__profile")


@admin.register(ChangeRequest)
class ChangeRequestAdmin(Mendable):
    list_display = ("access", "status", "status_at", "next_attempt_at", "attempts", "failures", "problem_code")
    list_filter = ("status", "problem_code", "access__environment")
    search_fields = ("access__customer__name", "access__customer__orgnr", "correlation_id")
    list_select_related = ("access__customer", "access__profile")
    exclude = ("confirm_url",)
    actions = ("send_again", "try_now", "release")

    @admin.action(description=_("Send til Altinn på nytt"), permissions=["mend"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[ChangeRequest]) -> None:
        def act(row: ChangeRequest, **who: Any) -> None:
            changes.send_again(change=row, **who)

        act_on_each(request, queryset, act)
        enqueue_by_name("systemusers.tasks.send_changes")


@admin.register(Offered)
class OfferedAdmin(Unchangeable):
    list_display = ("code", "kind", "use", "environment", "changed_at", "gone_at")
    list_filter = ("environment", "kind", "use")
    search_fields = ("code",)


@admin.register(OfferedRound)
class OfferedRoundAdmin(Mendable):
    list_display = ("environment", "read_at", "next_attempt_at", "attempts", "failures", "problem_code")


@admin.register(ClientRelation)
class ClientRelationAdmin(Mendable):
    list_display = ("name", "orgnr", "access", "customer", "seen_at", "missing_since", "gone_at", "problem_code")
    list_filter = ("access__environment", "problem_code")
    search_fields = ("name", "orgnr", "access__customer__name", "access__customer__orgnr")
    list_select_related = ("access__customer", "access__profile", "customer")


@admin.register(ClientRound)
class ClientRoundAdmin(Mendable):
    list_display = ("access", "read_at", "clients", "next_attempt_at", "attempts", "failures", "problem_code")
    list_filter = ("problem_code", "access__environment")
    search_fields = ("access__customer__name", "access__customer__orgnr")
    list_select_related = ("access__customer", "access__profile")


@admin.register(Invitation)
class InvitationAdmin(Mendable):
    list_display = (
        "access",
        "told_at",
        "told_how",
        "reminders",
        "next_attempt_at",
        "stopped_at",
        "stopped_why",
        "problem_code",
    )
    list_filter = ("told_how", "stopped_why", "problem_code", "access__environment")
    search_fields = ("access__customer__name", "access__customer__orgnr")
    list_select_related = ("access__customer", "access__profile")


@admin.register(CustomerMail)
class CustomerMailAdmin(Unchangeable):
    list_display = ("access", "kind", "number", "receiver", "put_at", "status", "status_at", "problem_code")
    list_filter = ("kind", "status", "problem_code", "access__environment")
    search_fields = ("access__customer__name", "access__customer__orgnr", "key")
    list_select_related = ("access__customer", "access__profile")


@admin.register(Campaign)
class CampaignAdmin(Mendable):
    list_display = (
        "name",
        "purpose",
        "profile",
        "environment",
        "status",
        "total",
        "owner",
        "started_at",
        "problem_code",
    )
    list_filter = ("status", "purpose", "environment")
    search_fields = ("name",)
    list_select_related = ("profile", "owner")
