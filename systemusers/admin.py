"""Access in Django admin, read-only, for the operator. Only services change states; private keys are not shown."""

from __future__ import annotations

from django.contrib import admin

from portal.core.admin import Unchangeable
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
    MailDomainCheck,
    MailPlan,
    MailTemplate,
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
class KeyRotationAdmin(Unchangeable):
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
class SystemRoundAdmin(Unchangeable):
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
class AccessAdmin(Unchangeable):
    list_display = (
        "customer", "profile", "environment", "status", "status_at", "remote_status", "problem_code", "next_attempt_at",
        "attempts", "failures",
    )  # fmt: skip
    list_filter = ("environment", "status", "problem_code", "profile__system")
    search_fields = ("customer__name", "customer__orgnr", "altinn_id", "reference", "external_ref")
    list_select_related = ("customer", "profile")
    date_hierarchy = "status_at"
    exclude = ("sealed_link", "link_hash", "confirm_url")  # secrets: they allow acting for the customer


@admin.register(SystemUser)
class SystemUserAdmin(Unchangeable):
    list_display = ("altinn_id", "access", "kind", "created_at", "seen_at", "first_token_at", "removed_at")
    list_filter = ("kind", "access__environment")
    search_fields = ("altinn_id", "access__customer__name", "access__customer__orgnr")
    list_select_related = ("access__customer", "access__profile")


@admin.register(FoundSystemUser)
class FoundSystemUserAdmin(Unchangeable):
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
class RightsCheckAdmin(Unchangeable):
    list_display = ("access", "checked_at", "next_attempt_at", "attempts", "failures", "problem_code")
    list_filter = ("problem_code", "access__environment")
    search_fields = ("access__customer__name", "access__customer__orgnr")
    list_select_related = ("access__customer", "access__profile")


@admin.register(ChangeRequest)
class ChangeRequestAdmin(Unchangeable):
    list_display = ("access", "status", "status_at", "next_attempt_at", "attempts", "failures", "problem_code")
    list_filter = ("status", "problem_code", "access__environment")
    search_fields = ("access__customer__name", "access__customer__orgnr", "correlation_id")
    list_select_related = ("access__customer", "access__profile")
    exclude = ("confirm_url",)


@admin.register(Offered)
class OfferedAdmin(Unchangeable):
    list_display = ("code", "kind", "use", "environment", "changed_at", "gone_at")
    list_filter = ("environment", "kind", "use")
    search_fields = ("code",)


@admin.register(OfferedRound)
class OfferedRoundAdmin(Unchangeable):
    list_display = ("environment", "read_at", "next_attempt_at", "attempts", "failures", "problem_code")


@admin.register(ClientRelation)
class ClientRelationAdmin(Unchangeable):
    list_display = ("name", "orgnr", "access", "customer", "seen_at", "missing_since", "gone_at", "problem_code")
    list_filter = ("access__environment", "problem_code")
    search_fields = ("name", "orgnr", "access__customer__name", "access__customer__orgnr")
    list_select_related = ("access__customer", "access__profile", "customer")


@admin.register(ClientRound)
class ClientRoundAdmin(Unchangeable):
    list_display = ("access", "read_at", "clients", "next_attempt_at", "attempts", "failures", "problem_code")
    list_filter = ("problem_code", "access__environment")
    search_fields = ("access__customer__name", "access__customer__orgnr")
    list_select_related = ("access__customer", "access__profile")


@admin.register(Invitation)
class InvitationAdmin(Unchangeable):
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


@admin.register(MailPlan)
class MailPlanAdmin(Unchangeable):
    list_display = ("reminder_days", "most_mails", "quiet_from", "quiet_to")


@admin.register(MailTemplate)
class MailTemplateAdmin(Unchangeable):
    list_display = ("kind", "language", "subject")
    list_filter = ("kind", "language")


@admin.register(MailDomainCheck)
class MailDomainCheckAdmin(Unchangeable):
    list_display = ("domain", "checked_at")


@admin.register(Campaign)
class CampaignAdmin(Unchangeable):
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
