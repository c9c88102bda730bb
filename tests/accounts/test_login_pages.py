"""Pages of the log-in in the portal's own frame, in the language that the visitor chooses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import get_template
from django.test import Client, RequestFactory
from django.urls import reverse

from accounts.models import User
from portal import urls

pytestmark = pytest.mark.django_db


def names() -> list[str]:
    """Templates that the views behind the log-in's addresses name."""
    found: set[str] = set()
    for entry in urls.LOGIN:
        view = getattr(entry.callback, "view_class", None)
        if name := getattr(view, "template_name", ""):
            found.add(name.replace(".None", ".html"))
    return sorted(found)


def test_every_page_that_the_log_in_can_show_is_our_own() -> None:
    assert "account/account_inactive.html" in names()
    assert [name for name in names() if "allauth" in str(get_template(name).origin)] == []


PAGES = [
    "login",
    "logout",
    "password/reset",
    "password/reset/done",
    "password/reset/key/1-x",
    "password/reset/key/done",
    "inactive",
]


@pytest.mark.parametrize("path", PAGES)
def test_every_page_of_the_log_in_has_a_language_a_main_part_and_the_choice(
    client: Client, administrator: User, path: str
) -> None:
    if path == "logout":
        client.force_login(administrator)

    page = client.get(f"/accounts/{path}/").text

    assert '<html lang="' in page
    assert '<main id="main"' in page
    assert page.count('name="language"') == 3
    assert "css/portal" in page


def test_a_closed_account_is_told_so_and_led_to_the_log_in(client: Client) -> None:
    page = client.get(reverse("account_inactive"))

    assert "Kontoen er stengt" in page.text
    assert reverse("account_login") in page.text


def test_the_log_in_page_keeps_the_language_that_is_chosen(client: Client) -> None:
    client.post("/i18n/setlang/", {"language": "en", "next": "/accounts/login/"})

    assert "Log in" in client.get("/accounts/login/").text


def test_the_page_of_a_crash_has_the_brand_and_the_style(client: Client, rf: RequestFactory) -> None:
    from portal.desk.views import server_error

    page = server_error(rf.get("/")).content.decode()

    assert 'class="brand"' in page
    assert re.search(r'href="[^"]*css/portal[^"]*\.css"', page)
    assert 'lang="en"' in page


def test_the_icon_is_found_at_the_address_that_browsers_guess(client: Client) -> None:
    reply: Any = client.get("/favicon.ico")

    assert (reply.status_code, Path(reply["Location"]).suffix) == (302, ".svg")
