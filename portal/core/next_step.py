"""The next step of a row, as lists and pages show it; each app has its own rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import reverse


@dataclass(frozen=True)
class NextStep:
    """`who` is "" when nobody has to do anything; `url` leads to where it is done."""

    text: str
    who: str = ""
    url: str = ""


def page_of(row: Any, name: str, anchor: str = "") -> str:
    """The address of a row's own page, which the URL pattern `name` has, in its environment."""
    url = reverse(name, kwargs={"environment": row.environment, "pk": row.pk})
    return url + (f"#{anchor}" if anchor else "")


def list_of(environment: str, name: str, query: str = "") -> str:
    """The address of a page of an environment, filtered by `query`."""
    return reverse(name, kwargs={"environment": environment}) + (f"?{query}" if query else "")
