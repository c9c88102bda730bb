"""Accounts in Django admin, for the operator. Every change goes through a service, which records it.

Customers with a history are not deleted here. Groups and allauth's e-mail addresses are not used, so they have no pages.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from allauth.account.admin import EmailAddress
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, Portfolio, User, Vendor
from accounts.services import staff, vendor
from accounts.services.customers import Details, edit_customer
from accounts.services.portfolios import delete_portfolio, save_portfolio
from portal.core.admin import Bounded, CleanModelForm, actor
from portal.core.forms import CleanText

admin.site.unregister([Group, EmailAddress])


class NewUserForm(CleanText, AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name", "role")


class ChangedUserForm(CleanText, UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"
        field_classes = {"email": forms.EmailField}


@admin.register(User)
class UserAdmin(Bounded, DjangoUserAdmin):
    form, add_form = ChangedUserForm, NewUserForm
    list_display = ("email", "name", "role", "is_active", "is_staff", "last_login")
    list_filter = ("role", "is_active", "is_staff", "portfolios")
    search_fields = ("email", "name")
    ordering = ("email",)
    readonly_fields = ("last_login", "date_joined")
    filter_horizontal = ("portfolios",)
    fieldsets = (
        (None, {"fields": ("email", "name", "password", "language")}),
        (_("Tilgang"), {"fields": ("role", "portfolios", "is_active", "is_staff", "is_superuser")}),
        (_("Datoer"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "role", "usable_password", "password1", "password2")}),)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # the audit trail names people; switch them off instead

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        by, at = actor(request), timezone.now()
        staff.save_user(user=obj, by=by, at=at)
        if not change:
            staff.note_password_set(user=obj, by=by, at=at)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Instead of `form.save_m2m()`, which records nothing. There are no formsets."""
        if "portfolios" in form.cleaned_data:
            portfolios = form.cleaned_data["portfolios"]
            staff.assign_portfolios(user=form.instance, portfolios=portfolios, by=actor(request), at=timezone.now())

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Django's page, and an event in the same transaction when it stored something."""
        with transaction.atomic():
            before = self.get_object(request, id)
            response: HttpResponse = super().user_change_password(request, id, form_url)
            if before and (user := User.objects.filter(pk=before.pk).exclude(password=before.password).first()):
                staff.note_password_set(user=user, by=actor(request), at=timezone.now())
        return response


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
