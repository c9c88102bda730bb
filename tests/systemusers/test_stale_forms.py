"""Two people have the same form open: the second to save is told, and decides."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from portal.core.stale import EditedMeanwhile, version_of
from systemusers.models import AccessProfile, MaskinportenClient, System
from systemusers.services.clients import COLUMNS, save_client
from systemusers.services.system_register import register_system, save_system
from systemusers.services.system_register.rows import SYSTEM_COLUMNS
from tests.systemusers.staff import page
from tests.systemusers.world import BY, World, fresh, make_system

MARK = "En annen har lagret dette mens skjemaet var åpent: Fra kollegaen"
TEXTS = {f"{part}_{code}": "Fjordtall" for part in ("name", "description") for code in ("nb", "nn", "en")}


def version_in(text: str) -> str:
    found = re.search(r'name="version" value="([^"]+)"', text)
    assert found, "the form has no version"
    return found[1]


def form_of(row: Any) -> tuple[str, dict[str, Any]]:
    """Address and fields of the form for a row, as the browser would send them back."""
    if isinstance(row, MaskinportenClient):
        fields = {"name": row.name, "client_id": row.client_id, "orgnr": row.orgnr, "scopes": "\n".join(row.scopes)}
        return f"settings/clients/{row.pk}/", fields
    if isinstance(row, System):
        lists = {"rights": row.rights, "packages": row.packages, "redirect_urls": "\n".join(row.redirect_urls)}
        names = {"client": row.client_id, "client_ids": "\n".join(row.client_ids), "system_id": row.system_id}
        return f"systems/{row.pk}/edit/", {**TEXTS, **lists, **names}
    purposes = {f"purpose_{code}": row.purpose_nb for code in ("nb", "nn", "en")}
    return f"systems/{row.system_id}/profiles/{row.pk}/", {
        "name": row.name, "kind": row.kind, "rights": row.rights, **purposes,
    }  # fmt: skip


@pytest.fixture(params=["client", "system", "profile"])
def row(request: pytest.FixtureRequest, world: World, profile: AccessProfile) -> Any:
    return {"client": world.client, "system": profile.system, "profile": profile}[request.param]


def test_a_late_save_is_refused_and_a_second_one_is_taken(staff: Client, row: Any) -> None:
    name = "name_nb" if isinstance(row, System) else "name"
    url, fields = form_of(row)
    version = version_in(page(staff, url))
    type(row).objects.filter(pk=row.pk).update(**{name: "Fra kollegaen"})

    refused = staff.post(f"/sandbox/{url}", {**fields, name: "Min", "version": version})
    kept = getattr(fresh(row), name)
    again = {**fields, name: "Min", "version": version_in(refused.content.decode())}
    taken = staff.post(f"/sandbox/{url}", again)

    assert (refused.status_code, kept) == (422, "Fra kollegaen")
    assert MARK in refused.content.decode()
    assert 'value="Min"' in refused.content.decode()
    assert (taken.status_code, getattr(fresh(row), name)) == (302, "Min")


def test_an_edit_without_a_colleague_is_saved(staff: Client, row: Any) -> None:
    name = "name_nb" if isinstance(row, System) else "name"
    url, fields = form_of(row)

    reply = staff.post(f"/sandbox/{url}", {**fields, name: "Min", "version": version_in(page(staff, url))})

    assert (reply.status_code, getattr(fresh(row), name)) == (302, "Min")


def test_two_who_make_the_same_change_are_not_told_of_each_other(client_row: MaskinportenClient, world: World) -> None:
    seen = version_of(client_row, COLUMNS)
    MaskinportenClient.objects.filter(pk=client_row.pk).update(name="Nytt navn")
    client_row.name = "Nytt navn"

    save_client(client=client_row, by=BY, at=world.at, seen=seen)

    assert fresh(client_row).name == "Nytt navn"


def test_a_changed_client_of_a_system_is_named(world: World) -> None:
    from tests.systemusers.world import make_client

    row = make_system(world.client)
    seen, other = version_of(row, SYSTEM_COLUMNS), make_client(client_id="3f1f0b1c-0000-4000-8000-000000000009")
    System.objects.filter(pk=row.pk).update(client=other)

    with pytest.raises(EditedMeanwhile) as caught:
        save_system(system=row, by=BY, at=world.at, seen=seen)

    assert caught.value.values == {"client": other}


def test_a_draft_edited_while_it_is_registered_stays_registered(world: World) -> None:
    row = make_system(world.client)
    in_the_form, seen = fresh(row), version_of(row, SYSTEM_COLUMNS)
    in_the_form.name_nb = "Nytt navn"
    register_system(system=fresh(row), by=BY, at=world.at)

    save_system(system=in_the_form, by=BY, at=world.at, seen=seen)

    now = fresh(row)
    assert (now.status, now.registered_at is not None, now.name_nb) == ("REGISTERED", True, "Nytt navn")
    assert [entry["field"] for entry in now.drift] == ["name_nb"]
