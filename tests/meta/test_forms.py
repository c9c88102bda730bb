"""Every form of ours reads cleaned text, also those of Django admin."""

from __future__ import annotations

from collections.abc import Iterator

from django.contrib import admin
from django.forms import BaseForm, ModelForm
from django.test import RequestFactory
from django.urls import get_resolver

from accounts.models import Charge, Given, User
from portal.core.admin import CleanModelForm
from portal.core.forms import CleanText, VersionedForm

ONE_WRITER = {
    "ProfileForm": "one's own name and language",
    "DeadlineDateForm": "always a new row",
}
"""Forms that nobody else can have open for the same row."""
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


def test_a_form_of_a_stored_row_knows_which_version_it_shows() -> None:
    """Else the second of two people writes over what the first has saved."""
    assert get_resolver().url_patterns

    ours = {form for form in subclasses(ModelForm) if form.__module__.split(".")[0] in OURS}
    in_admin = {form for form in ours if issubclass(form, CleanModelForm) or form.__module__.endswith(".admin")}
    without = {form.__name__ for form in ours - in_admin if not issubclass(form, VersionedForm)}

    assert without == set(ONE_WRITER)


def test_every_page_of_django_admin_that_changes_a_row_cleans_its_text() -> None:
    request = RequestFactory().get("/admin/")
    request.user = operator()

    changing = [page for page in admin.site._registry.values() if page.has_change_permission(request)]

    assert changing
    assert [str(page) for page in changing if not issubclass(page.form, CleanText)] == []
