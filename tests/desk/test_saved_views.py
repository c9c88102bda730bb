"""Saved views of lists: a person's own, of one list, and only of pages of the portal."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import SavedView, User
from accounts.services import saved_views

LIST = "/sandbox/submissions/"
SAVE = "/sandbox/views/save/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client, reader: User, vendor: Any) -> Client:
    client.force_login(reader)
    return client


def saved(client: Client, query: str = "state=drafts&q=fjell&after=abc", name: str = "Mine kladder") -> Any:
    return client.post(SAVE, {"list": f"{LIST}?{query}", "name": name})


def test_a_saved_view_leads_back_to_the_filter_from_its_first_page(staff: Client) -> None:
    reply = saved(staff)

    page = staff.get(reply["Location"]).content.decode()
    assert reply["Location"] == f"{LIST}?state=drafts&q=fjell"
    assert "Mine kladder</a>" in page
    assert "Slett «Mine kladder»" in page


def test_the_same_name_replaces_the_view(staff: Client) -> None:
    saved(staff)
    saved(staff, "state=rejected")

    assert [view.query for view in SavedView.objects.all()] == ["state=rejected"]


def test_others_neither_see_nor_delete_it(staff: Client, administrator: User) -> None:
    saved(staff)
    view = SavedView.objects.get()
    other = Client()
    other.force_login(administrator)

    page, reply = other.get(LIST).content.decode(), other.post(f"/sandbox/views/{view.pk}/delete/")

    assert "Mine kladder</a>" not in page
    assert reply.status_code == 404
    assert SavedView.objects.filter(pk=view.pk).exists()


def test_another_list_does_not_show_it(staff: Client) -> None:
    saved(staff)

    assert "Mine kladder</a>" not in staff.get("/sandbox/customers/").content.decode()


def test_it_can_be_deleted(staff: Client) -> None:
    saved(staff)

    reply = staff.post(f"/sandbox/views/{SavedView.objects.get().pk}/delete/")

    assert reply["Location"] == LIST
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    "address",
    ["https://evil.example/sandbox/submissions/", "//evil.example/x", "/unknown/", "/admin/", "/test/submissions/", "", "["],
)  # fmt: skip
def test_only_a_page_of_the_environment_is_a_list(staff: Client, address: str) -> None:
    reply = staff.post(SAVE, {"list": address, "name": "X"})

    assert reply.status_code == 404
    assert not SavedView.objects.exists()


@pytest.mark.parametrize(
    ("query", "name", "text"),
    [("state=drafts", " ", "Gi visningen et navn."), ("q=" + "x" * 2100, "X", "for langt til å lagres")],
)
def test_what_cannot_be_saved_says_why(staff: Client, query: str, name: str, text: str) -> None:
    reply = saved(staff, query, name)

    assert text in staff.get(reply["Location"]).content.decode()
    assert not SavedView.objects.exists()


def test_a_list_has_a_limit_of_views(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(saved_views, "MOST", 1)
    saved(staff, name="A")
    saved(staff, name="B")

    assert [view.name for view in SavedView.objects.all()] == ["A"]


def test_the_height_of_the_rows_is_kept_for_the_person_on_every_device(staff: Client, reader: User) -> None:
    reply: Any = staff.post("/sandbox/views/row-height/", {"list": f"{LIST}?state=rejected", "height": "compact"})
    other = Client()
    other.force_login(User.objects.get(pk=reader.pk))

    assert reply["Location"] == f"{LIST}?state=rejected"
    assert 'data-rows="compact"' in other.get("/sandbox/customers/").text
    staff.post("/sandbox/views/row-height/", {"list": LIST, "height": "roomy"})
    assert 'data-rows="compact"' not in other.get("/sandbox/customers/").text


def test_the_height_of_the_rows_leads_to_no_address_elsewhere(staff: Client) -> None:
    assert staff.post("/sandbox/views/row-height/", {"list": "https://elsewhere.example/"}).status_code == 404
