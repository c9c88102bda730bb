"""Pages of Django admin in words: no column shows the name that it has in the code."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import Field

OURS = ("portal", "accounts", "systemusers", "submissions")


def test_every_column_that_a_list_shows_has_a_name_in_norwegian() -> None:
    unnamed = []
    for model, page in admin.site._registry.items():
        if model._meta.app_label not in OURS:
            continue
        fields = {field.name: field for field in model._meta.get_fields() if isinstance(field, Field)}
        shown = [fields[name] for name in page.list_display if name in fields]
        unnamed += [str(field) for field in shown if not field.primary_key and not field._verbose_name]  # type: ignore[attr-defined]

    assert unnamed == []
