"""Altinn's lists of packages and resources: stored every night, with what changed; and the page that shows them."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Vendor
from portal.sandbox.faults import Fault
from systemusers.models import Offered, OfferedRound, System
from systemusers.services import choices, offered
from tests.systemusers.staff import page, post
from tests.systemusers.world import BY, PACKAGE, RESOURCE, World, fresh, make_profile

NEW = "urn:altinn:accesspackage:helt-ny-pakke"


def read(world: World) -> None:
    offered.read_soon(environment="SANDBOX", by=BY, at=world.at)
    offered.read_due(environments=["SANDBOX"], at=world.at)


def test_the_lists_are_stored_in_three_languages_with_their_use(world: World) -> None:
    world.control("/control/packages", {"code": NEW, "title": "Ny", "uses": ["agent"]})

    read(world)

    row = Offered.objects.get(code=NEW)
    right = Offered.objects.get(code=RESOURCE)
    assert (row.kind, row.use, row.names) == ("PACKAGE", "AGENT", dict.fromkeys(["nb", "nn", "en"], "Ny"))
    assert (right.kind, right.use, set(right.names)) == ("RESOURCE", "STANDARD", {"nb", "nn", "en"})
    assert OfferedRound.objects.get().read_at is not None
    assert OfferedRound.objects.get().next_attempt_at > world.at


def test_a_new_name_and_another_use_are_kept_beside_the_old(world: World) -> None:
    world.control("/control/packages", {"code": NEW, "title": "Gammelt navn", "uses": ["agent"]})
    read(world)
    world.control("/control/packages", {"code": NEW, "title": "Nytt navn", "uses": ["standard"]})
    world.let_pass(hours=24)

    read(world)

    row = Offered.objects.get(code=NEW)
    assert (row.name("nb"), row.former_names["nb"], row.use, row.former_use) == (
        "Nytt navn",
        "Gammelt navn",
        "STANDARD",
        "AGENT",
    )


def test_one_that_altinn_no_longer_lists_is_withdrawn_and_told_when_it_is_in_use(world: World, vendor: Vendor) -> None:
    world.control("/control/packages", {"code": NEW})
    read(world)
    world.new_system(world.client, packages=[PACKAGE, NEW])
    before = offered.troubled("SANDBOX", at=world.at).count()
    del world.app.state.packages[NEW.rsplit(":", 1)[-1]]
    world.let_pass(hours=24)

    read(world)

    assert before == 0
    assert Offered.objects.get(code=NEW).gone_at is not None
    assert offered.troubled("SANDBOX", at=world.at).get().code == NEW


def test_a_profile_says_which_of_its_packages_can_no_longer_be_given(
    staff: Client, world: World, system: System
) -> None:
    read(world)
    profile = make_profile(system, packages=[PACKAGE])
    path = f"systems/{system.pk}/profiles/{profile.pk}/"
    before = page(staff, path)

    Offered.objects.filter(code=PACKAGE).update(use="AGENT")

    assert "Altinn gir ikke lenger dette" not in before
    assert "Altinn gir ikke lenger dette" in page(staff, path)


def test_a_list_that_is_suddenly_short_withdraws_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(300):
        world.control("/control/packages", {"code": f"mange-{number}"})
    read(world)
    world.app.state.packages.clear()
    world.let_pass(hours=24)

    read(world)

    assert not Offered.objects.filter(gone_at__isnull=False).exists()
    assert OfferedRound.objects.get().failures == 1


def test_without_an_answer_the_stored_list_stays_and_is_picked_from(world: World) -> None:
    read(world)
    number = Offered.objects.count()
    world.app.faults.order(Fault(service="*", path="", kind="status", status=503, seconds=0.0, times=9))

    read(world)

    assert Offered.objects.count() == number
    assert RESOURCE in dict(choices.rights("SANDBOX"))
    assert OfferedRound.objects.get().problem_code


def test_a_package_for_clients_says_so_while_picking(world: World) -> None:
    world.control("/control/packages", {"code": NEW, "title": "Ny pakke", "uses": ["agent"]})
    read(world)

    assert dict(choices.packages("SANDBOX"))[NEW] == "Ny pakke, for klienter"


def test_the_page_finds_by_name_and_says_what_is_opened_and_used(staff: Client, world: World, system: System) -> None:
    before = page(staff, "offered/")
    read(world)

    text = page(staff, f"offered/?q={RESOURCE}")
    by_name = page(staff, "offered/?q=AKSJONÆRREGISTER")
    none = page(staff, "offered/?q=finnes-ikke")
    quoted = page(staff, "offered/?q=%22nb%22")
    told = post(staff, "offered/read/")

    assert "Listene er ikke hentet ennå" in before
    assert "Aksjonærregisteroppgaven" in text
    assert fresh(system).name_nb in text
    assert "Aksjonærregisteroppgaven" in by_name
    assert "Ingen treff" in none
    assert "Ingen treff" in quoted  # the languages are no names
    assert "Listene hentes fra Altinn nå" in told


def test_what_opens_no_service_can_be_left_out(staff: Client, world: World, system: System) -> None:
    read(world)

    opening = page(staff, "offered/?group=opens&q=regnskapsforer")
    none = page(staff, "offered/?group=opens&q=akvakultur")

    assert "regnskapsforer-med-signeringsrettighet" in opening
    assert "Ingen treff" in none
    assert "Akvakultur" in page(staff, "offered/?q=akvakultur")
