"""Accounts in Django admin, for the operator. Every change goes through a service, which records it.

Customers with a history are not deleted here. Groups and allauth's e-mail addresses are not used, so they have no pages.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import django.contrib.auth.admin  # noqa: F401 - registers the page of groups, which is taken away
from allauth.account.admin import EmailAddress
from allauth.mfa.admin import Authenticator
from allauth.socialaccount.admin import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Customer, Grant, InstallationGrant, Portfolio, User, Vendor
from accounts.services import vendor
from accounts.services.customers import Details, edit_customer
from accounts.services.portfolios import delete_portfolio, save_portfolio
from portal.core.admin import Bounded, CleanModelForm, Unchangeable, actor

admin.site.unregister([Group, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken])


class GrantsInline(admin.TabularInline):
    model = Grant
    extra, can_delete, max_num = 0, False, 0
    fields = readonly_fields = ("environment", "role", "sees_all_customers", "given_by", "given_at")


class ChargesInline(admin.TabularInline):
    model = InstallationGrant
    extra, can_delete, max_num = 0, False, 0
    fields = readonly_fields = ("charge", "given_by", "given_at")


@admin.register(User)
class UserAdmin(Unchangeable):
    """To look at: accounts and what people have are changed on the portal's own page, and nobody sets another's password."""

    list_display = ("email", "name", "is_active", "invited_at", "left_at", "last_login")
    list_filter = ("is_active", "grants__role", "charges__charge", "portfolios")
    search_fields = ("email", "name")
    ordering = ("email",)
    fields = (
        "email", "former_emails", "name", "language", "portfolios", "is_active", "invited_at", "left_at", "last_login", "seen_at",
        "date_joined",
    )  # fmt: skip
    inlines = (GrantsInline, ChargesInline)


@admin.register(Vendor)
class VendorAdmin(Bounded):
    form = CleanModelForm
    list_display = ("name", "orgnr", "support_email", "support_phone")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not Vendor.objects.exists()

    def save_model(self, request: HttpRequest, obj: Vendor, form: Any, change: bool) -> None:
        fields = {name: getattr(obj, name) for name in vendor.FIELDS}
        obj.pk = vendor.save_vendor(fields=fields, by=actor(request), at=timezone.now()).pk

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Portfolio)
class PortfolioAdmin(Bounded):
    form = CleanModelForm
    list_display = ("name",)
    search_fields = ("name",)

    def save_model(self, request: HttpRequest, obj: Portfolio, form: Any, change: bool) -> None:
        save_portfolio(portfolio=obj, by=actor(request), at=timezone.now())

    def delete_model(self, request: HttpRequest, obj: Portfolio) -> None:
        delete_portfolio(portfolio=obj, by=actor(request), at=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Portfolio]) -> None:
        with transaction.atomic():
            for portfolio in queryset:
                self.delete_model(request, portfolio)


@admin.register(Customer)
class CustomerAdmin(Bounded):
    form = CleanModelForm
    list_display = ("name", "orgnr", "environment", "reference", "portfolio", "language", "created_at")
    list_filter = ("environment", "portfolio", "language")
    search_fields = ("name", "orgnr", "reference")
    readonly_fields = (
        "environment",
        "orgnr",
        "test_approver",
        "business_register",
        "business_register_at",
        "created_at",
        "assignee",
        "tags",
    )
    list_select_related = ("portfolio",)

    def history_filter(self, object_id: str) -> dict[str, str]:
        return {"customer_id_ref": object_id}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # the form of the portal checks the number and asks the register

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Customer, form: Any, change: bool) -> None:
        columns = (field.name for field in dataclasses.fields(Details) if field.name != "notes")
        details = Details(**{name: getattr(obj, name) for name in columns})
        edit_customer(customer=obj, details=details, by=actor(request), at=timezone.now())
