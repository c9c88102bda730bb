"""Accounts in Django admin, for the operator. Customers with a history are not deleted here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.models import Customer, Portfolio, User, Vendor


class NewUserForm(AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("email", "name", "role")


class ChangedUserForm(UserChangeForm):
    class Meta:
        model = User
        fields = "__all__"
        field_classes = {"email": forms.EmailField}


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
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


@admin.register(Vendor)
class VendorAdmin(admin.ModelAdmin):
    list_display = ("name", "orgnr", "support_email", "support_phone")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return not Vendor.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Portfolio)
class PortfolioAdmin(admin.ModelAdmin):
    list_display = ("name",)
    search_fields = ("name",)


@admin.register(Customer)
class CustomerAdmin(admin.ModelAdmin):
    list_display = ("name", "orgnr", "environment", "reference", "portfolio", "language", "created_at")
    list_filter = ("environment", "portfolio", "language")
    search_fields = ("name", "orgnr", "reference")
    readonly_fields = ("environment", "orgnr", "business_register", "business_register_at", "created_at")
    list_select_related = ("portfolio",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # the form of the portal checks the number and asks the register

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
