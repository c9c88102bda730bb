"""Every form of ours reads cleaned text, also those of Django admin."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import admin
from django.forms import BaseForm
from django.test import RequestFactory
from django.urls import get_resolver

from accounts.models import Charge, Given, User
from portal.core.forms import CleanText

OURS = ("accounts", "systemusers", "submissions", "portal")


def subclasses(kind: type) -> Iterator[type]:
    below: type
    for below in kind.__subclasses__():
        yield below
        yield from subclasses(below)


def operator() -> User:
    user = User(is_active=True)
    user.given = Given(charges=frozenset(Charge.values))  # type: ignore[misc] # cached
    return user


def test_every_form_cleans_its_text() -> None:
    assert get_resolver().url_patterns  # loads every view, and with it every form

    ours = {form for form in subclasses(BaseForm) if form.__module__.split(".")[0] in OURS}

    assert len(ours) > 10
    assert [form.__name__ for form in ours if not issubclass(form, CleanText)] == []


def test_every_page_of_django_admin_that_changes_a_row_cleans_its_text() -> None:
    request = RequestFactory().get("/admin/")
    request.user = operator()

    changing = [page for page in admin.site._registry.values() if page.has_change_permission(request)]

    assert changing
    assert [str(page) for page in changing if not issubclass(page.form, CleanText)] == []
