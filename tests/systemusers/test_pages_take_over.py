"""The pages of taking over and of differences, as a person walks them."""

from __future__ import annotations

import re
import uuid
from typing import Any

from django.test import Client

from accounts.models import User
from portal.core.audit import AuditEvent
from portal.gateways.altinn.register import right
from systemusers.models import Access, FoundSystemUser, System, SystemRound
from tests.systemusers.staff import page, post
from tests.systemusers.test_pages_systems import edit, shown_on
from tests.systemusers.world import PACKAGE, RESOURCE, World, fresh, make_system
from tests.world import SYSTEM_ID


def forget(system: System) -> None:
    """The portal has never heard of the system that Altinn has."""
    SystemRound.objects.all().delete()
    System.objects.filter(pk=system.pk).delete()


def confirm(staff: Client, path: str, form: dict[str, str], *, status: int = 200) -> str:
    return post(staff, path, {**form, "act": "confirm"}, status=status)


def test_a_vendor_who_is_live_takes_its_system_over(staff: Client, system: System, world: World) -> None:
    forget(system)

    start = page(staff, "systems/import/")
    listed = page(staff, f"systems/import/?client={world.client.pk}")
    one = page(staff, f"systems/import/?client={world.client.pk}&system={SYSTEM_ID}")
    form = {"client": str(world.client.pk), "system": SYSTEM_ID, "signing": str(world.client.pk)}
    taken = post(staff, "systems/import/", form)
    again = post(staff, "systems/import/", form)

    assert "Hent fra Altinn" in start
    assert "Finnes ikke her. Ta over" in listed
    assert "Slik står det i Altinn" in one
    assert "Systemet er tatt over slik det er" in taken
    assert "tatt over allerede" in again
    assert System.objects.get().status == "REGISTERED"
    assert world.calls("PUT", "/systemregister/") == []


def test_what_is_here_already_leads_to_its_own_page(staff: Client, system: System, world: World) -> None:
    listed = page(staff, f"systems/import/?client={world.client.pk}")

    assert f'href="/sandbox/systems/{system.pk}/">' in listed
    assert "Finnes her" in listed


def test_without_a_client_that_may_ask_the_page_says_so(staff: Client, world: World) -> None:
    world.client.keys.all().delete()

    assert "Ingen klient kan spørre systemregisteret" in page(staff, "systems/import/")


def test_a_system_of_another_vendor_is_told_as_that(staff: Client, system: System, world: World) -> None:
    forget(system)
    world.app.state.systems[SYSTEM_ID].orgnr = "999999999"

    text = page(staff, f"systems/import/?client={world.client.pk}&system={SYSTEM_ID}", follow=True)

    assert "eies av en annen leverandør" in text
    assert not System.objects.exists()


def test_registering_a_live_id_leads_to_the_differences_and_writes_nothing(
    staff: Client, system: System, world: World
) -> None:
    forget(system)
    world.app.state.systems[SYSTEM_ID].client_ids.append("ukjent-klient")
    draft = make_system(world.client)

    text = post(staff, f"systems/{draft.pk}/register/")
    form = shown_on(text)
    taken = confirm(staff, f"systems/{draft.pk}/diff/", form)

    assert "Ta over systemet slik det er" in text
    assert "ukjent-klient" in text
    assert "Portalen har ikke nøkkelen" in text
    assert "Dere har det samme som Altinn nå" in taken
    assert (fresh(draft).status, fresh(draft).client_ids[-1]) == ("REGISTERED", "ukjent-klient")
    assert world.calls("PUT", "/systemregister/") == []


def test_who_looks_at_the_entry_in_altinn_is_in_the_trail_before_the_call(
    staff: Client, system: System, world: World, administrator: User
) -> None:
    page(staff, f"systems/{system.pk}/diff/")
    world.fault(path="/systemregister/", status=503, times=100)
    page(staff, f"systems/{system.pk}/diff/", follow=True)

    looks = AuditEvent.objects.filter(what="read-register")
    assert list(looks.values_list("by", "detail__system_id")) == [(administrator.actor, SYSTEM_ID)] * 2


def test_a_removal_names_who_is_affected_and_wants_its_name(staff: Client, approved: object, world: World) -> None:
    system = System.objects.get()
    path = f"systems/{system.pk}/diff/"
    edit(staff, system, rights="")

    text = page(staff, path)
    form = shown_on(text)
    key = next(name for name in form if name.startswith("rights-"))
    bare = confirm(staff, path, form, status=422)
    done = confirm(staff, path, {**form, f"typed-{key}": RESOURCE})

    assert "1 kunde har godkjent den." in text
    assert f"Skriv {RESOURCE} for å fjerne den" in text
    assert "Profiler: Årsoppgjør." in text
    assert "nøyaktig slik. Ingenting er skrevet." in bare
    assert "skrevet til Altinn" in done
    assert world.app.state.systems[system.system_id].rights == []


def test_a_removal_counts_those_who_may_have_it(staff: Client, approved: Access, world: World) -> None:
    system = approved.profile.system
    Access.objects.filter(pk=approved.pk).update(rights=[], rights_known_at=None)
    FoundSystemUser.objects.create(
        system=system,
        altinn_id=uuid.uuid4(),
        orgnr="310999998",
        external_ref="kunde-42",
        kind="STANDARD",
        found_at=world.at,
    )
    edit(staff, system, rights="")

    assert "2 systembrukere til kan ha den." in page(staff, f"systems/{system.pk}/diff/")


def test_the_page_costs_as_many_queries_with_many_lines_as_with_one(
    staff: Client, approved: Access, world: World, django_assert_max_num_queries: Any
) -> None:
    system = approved.profile.system
    remote = world.app.state.systems[SYSTEM_ID]
    remote.rights += [right(f"ske-tjeneste-{number}") for number in range(40)]
    page(staff, f"systems/{system.pk}/diff/")

    with django_assert_max_num_queries(20):
        text = page(staff, f"systems/{system.pk}/diff/?all=ours")

    assert "ske-tjeneste-39" in text


def test_the_client_that_signs_is_named_as_what_stops_everything(staff: Client, system: System) -> None:
    edit(staff, system, client_ids="en-annen")

    text = page(staff, f"systems/{system.pk}/diff/")

    assert "Klient «Fjordtall»" in text
    assert "stopper all innsending" in text
    assert "ikke blant klient-id-ene" in page(staff, f"systems/{system.pk}/")


def test_choices_that_were_not_shown_are_shown_before_they_are_done(
    staff: Client, system: System, world: World
) -> None:
    path = f"systems/{system.pk}/diff/"
    edit(staff, system, packages="")
    form = shown_on(page(staff, f"{path}?all=theirs"))
    key = next(name for name in form if name.startswith("packages-"))

    asked = confirm(staff, path, {**form, key: "ours"})
    before = world.calls("PUT", "/systemregister/")
    again = shown_on(asked)
    done = confirm(staff, path, {**again, f"typed-{key}": PACKAGE.rpartition(":")[2]})

    assert "Valgene er endret" in asked
    assert before == []
    assert again[key] == "ours"
    assert "skrevet til Altinn" in done
    assert world.app.state.systems[system.system_id].packages == []


def test_a_page_that_is_out_of_date_is_shown_anew(staff: Client, system: System, world: World) -> None:
    path = f"systems/{system.pk}/diff/"
    edit(staff, system, name_nb="Fjordtall Pluss")
    form = shown_on(page(staff, path))
    world.app.state.systems[system.system_id].client_ids.append("ukjent-klient")

    text = confirm(staff, path, form, status=409)

    assert "Noe ble endret etter at siden ble vist" in text
    assert "ukjent-klient" in text
    assert world.calls("PUT", "/systemregister/") == []


def test_a_system_that_was_deleted_in_altinn_is_marked_here_after_a_question(
    staff: Client, system: System, world: World
) -> None:
    path = f"systems/{system.pk}/diff/"
    world.app.state.systems[system.system_id].is_deleted = True
    post(staff, f"systems/{system.pk}/compare/")

    asked = page(staff, path)
    post(staff, path, {"typed": "ja"}, status=422)
    kept = fresh(system).status
    post(staff, path, {"typed": system.system_id})

    assert "Systemet er slettet i Altinn" in asked
    assert (kept, fresh(system).status) == ("REGISTERED", "DELETED")


def test_a_system_that_altinn_does_not_know_has_nothing_to_choose(staff: Client, system: System, world: World) -> None:
    del world.app.state.systems[system.system_id]

    compared = post(staff, f"systems/{system.pk}/compare/")
    shown = page(staff, f"systems/{system.pk}/diff/", follow=True)

    assert "Se forskjellene og velg" not in compared
    assert "Altinn kjenner ikke systemet" in shown


def test_a_difference_is_on_the_overview_and_can_be_taken_both_ways(
    staff: Client, system: System, world: World
) -> None:
    world.app.state.systems[system.system_id].is_visible = True
    post(staff, f"systems/{system.pk}/compare/")

    overview, text = page(staff, ""), page(staff, f"systems/{system.pk}/")

    assert "Altinn har noe annet enn vi har om systemet" in overview
    assert re.findall(rf'/systems/{system.pk}/diff/(\?all=\w+)"', text) == ["?all=theirs", "?all=ours"]


def test_a_case_worker_confirms_nothing(system: System, world: World, case_worker: User) -> None:
    browser = Client()
    browser.force_login(case_worker)

    answers = [
        browser.post(f"/sandbox/systems/{system.pk}/diff/", {"act": "confirm"}),
        browser.post("/sandbox/systems/import/", {"client": world.client.pk, "system": SYSTEM_ID}),
    ]

    assert [reply.status_code for reply in answers] == [403, 403]
    assert "Se forskjellene og velg" not in page(browser, f"systems/{system.pk}/")
