"""Each act that takes two persons: the first proposes what was shown, the second sees the same and does it, and nothing is done alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Proposal, Role, User
from accounts.services.proposals import NeedsSecondPerson
from accounts.services.staff import Rights, change_rights, rights_of
from portal.core.audit import AuditEvent, target_of
from systemusers.models import Access, AccessProfile, Campaign, KeyRotation, MaskinportenClient, SigningKey, System
from systemusers.services import keys, system_register
from systemusers.services.access import renew_many
from systemusers.services.campaigns import ordering
from systemusers.services.keys import rotation
from tests.desk.people.test_people import form_of
from tests.fixtures import give, make_user
from tests.systemusers.campaigns.rig import judged, make_customers, work_to_the_end
from tests.systemusers.staff import page, post
from tests.systemusers.test_pages_systems import edit, shown_on
from tests.systemusers.world import World, fresh, give_key

Status = Proposal.Status


def propose(staff: Client, path: str, **fields: Any) -> Proposal:
    """Confirm on the page before the act, as the first person."""
    reply = staff.post(f"/sandbox/{path}", fields)
    assert reply.status_code == 200, reply.get("Location", "")
    shown = reply.context["question"].shown
    done = staff.post(
        f"/sandbox/{path}", {**fields, "shown": shown, "typed": reply.context["question"].word}, follow=True
    )
    assert "Ingenting er gjort ennå" in done.content.decode()
    return Proposal.objects.get()


def approve(client: Client, row: Proposal) -> str:
    """Approve what the page shows."""
    question = client.get(f"/sandbox/proposals/{row.pk}/").context["question"]
    return post(client, f"proposals/{row.pk}/", {"shown": question.shown, "typed": question.word})


def new_key(world: World) -> SigningKey:
    key = give_key(world.client, number=1, status="NEW")
    world.introduce_client(world.client)
    return key


def test_a_key_is_taken_into_use_by_two(
    staff: Client, colleague: Client, second: User, administrator: User, world: World
) -> None:
    key = new_key(world)

    row = propose(staff, f"settings/keys/{key.pk}/activate/")
    before = fresh(key).status
    seen = page(colleague, f"proposals/{row.pk}/")
    told = approve(colleague, row)

    assert (before, fresh(key).status, fresh(row).status) == ("NEW", "ACTIVE", Status.DONE)
    assert key.kid in seen
    assert "Godkjent og gjort" in told
    trail = list(
        AuditEvent.objects.filter(target=f"accounts.Proposal:{row.pk}").order_by("pk").values_list("what", "by")
    )
    assert trail == [
        ("proposed", administrator.actor), ("OPEN->APPROVED", second.actor), ("APPROVED->DONE", second.actor),
    ]  # fmt: skip
    assert AuditEvent.objects.get(what="NEW->ACTIVE", target=target_of(key)).by == second.actor


def test_a_rotation_goes_on_when_its_key_is_approved(
    staff: Client, colleague: Client, world: World, client_row: MaskinportenClient
) -> None:
    row = rotation.start(client=client_row, by="task:test", at=world.at)
    rotation.continue_by_hand(rotation=row, by="task:test", at=world.at)
    rotation.post(rotation=fresh(row), by="task:test", at=world.at)
    world.introduce_client(world.client)
    world.let_pass(minutes=10)

    proposal = propose(staff, f"settings/rotations/{row.pk}/use/")
    approve(colleague, proposal)

    assert (fresh(row).status, fresh(proposal).status) == (KeyRotation.Status.USED, Status.DONE)


def test_a_key_is_retired_by_two(staff: Client, colleague: Client, world: World) -> None:
    key = SigningKey.objects.get()

    row = propose(staff, f"settings/keys/{key.pk}/retire/")
    before = fresh(key).status
    approve(colleague, row)

    assert (before, fresh(key).status) == ("ACTIVE", "RETIRED")


def test_what_maskinporten_refuses_waits_again(staff: Client, colleague: Client, world: World) -> None:
    key = give_key(world.client, number=1, status="NEW")  # Maskinporten does not know it yet
    row = propose(staff, f"settings/keys/{key.pk}/activate/")

    approve(colleague, row)
    refused = fresh(row)
    world.introduce_client(world.client)
    approve(colleague, row)

    assert (refused.status, refused.answered_by) == (Status.OPEN, "")
    assert refused.problem_code
    assert (fresh(row).status, fresh(key).status) == (Status.DONE, "ACTIVE")


def test_another_key_meanwhile_is_another_ground(staff: Client, colleague: Client, world: World) -> None:
    key = new_key(world)
    row = propose(staff, f"settings/keys/{key.pk}/activate/")
    give_key(world.client, number=2, status="NEW")

    seen = page(colleague, f"proposals/{row.pk}/")
    approve(colleague, row)

    assert "Noe er endret siden" in seen
    assert "Godkjenn og gjør det" not in seen
    assert (fresh(row).status, fresh(key).status) == (Status.VOID, "NEW")


def test_a_system_is_deleted_by_two_with_its_id_typed(
    staff: Client, colleague: Client, system: System, approved: Access, world: World
) -> None:
    row = propose(staff, f"systems/{system.pk}/delete/", typed="")
    seen = page(colleague, f"proposals/{row.pk}/")
    untyped = colleague.post(f"/sandbox/proposals/{row.pk}/", {"shown": row.ground, "typed": "noe annet"})
    before = fresh(system).status
    approve(colleague, row)

    assert approved.customer.name in seen
    assert (untyped.status_code, before, fresh(system).status) == (422, "REGISTERED", "DELETED")


def test_a_customer_more_is_another_ground(
    staff: Client, colleague: Client, system: System, approved: Access, world: World
) -> None:
    row = propose(staff, f"systems/{system.pk}/delete/", typed="")
    world.new_access(world.new_customer("310629499", "En til AS"), approved.profile)

    approve(colleague, row)

    assert (fresh(row).status, fresh(system).status) == (Status.VOID, "REGISTERED")


def update(staff: Client, system: System) -> Proposal:
    edit(staff, system, name_nb="Fjordtall Pluss")
    form = shown_on(page(staff, f"systems/{system.pk}/diff/"))
    text = post(staff, f"systems/{system.pk}/diff/", {**form, "act": "confirm"})
    assert "Ingenting er gjort ennå" in text
    return Proposal.objects.get()


def test_the_register_is_written_by_two_line_by_line(
    staff: Client, colleague: Client, system: System, world: World
) -> None:
    row = update(staff, system)
    before = world.app.state.systems[system.system_id].name["nb"]

    edits = colleague.get(f"/sandbox/proposals/{row.pk}/").context["question"].edits
    approve(colleague, row)

    assert ("Navn, bokmål", "Fjordtall", "Fjordtall Pluss") in edits
    assert before == "Fjordtall"
    assert world.app.state.systems[system.system_id].name["nb"] == "Fjordtall Pluss"
    assert fresh(row).status == Status.DONE


def test_another_edit_meanwhile_is_another_diff(staff: Client, colleague: Client, system: System, world: World) -> None:
    row = update(staff, system)
    edit(staff, system, name_nb="Fjordtall Maks")

    approve(colleague, row)

    assert fresh(row).status == Status.VOID
    assert world.app.state.systems[system.system_id].name["nb"] == "Fjordtall"


def test_with_altinn_away_the_page_says_so_and_shows_what_was_proposed(
    staff: Client, colleague: Client, system: System, world: World
) -> None:
    row = update(staff, system)
    world.fault(service="*", path="", kind="status", status=503, seconds=0.0, times=9)

    seen = page(colleague, f"proposals/{row.pk}/")

    assert "Altinn svarer ikke nå" in seen
    assert "Fjordtall Pluss" in seen
    assert "Godkjenn og gjør det" not in seen


def campaign(user: User, profile: AccessProfile, world: World, *, customers: int = 3) -> Campaign:
    make_customers(customers)
    return judged(profile, user, at=world.at)


def test_many_customers_are_asked_by_two(
    staff: Client, colleague: Client, administrator: User, profile: AccessProfile, world: World
) -> None:
    asked = campaign(administrator, profile, world)

    row = propose(staff, f"campaigns/{asked.pk}/start/")
    seen = page(colleague, f"proposals/{row.pk}/")
    approve(colleague, row)
    work_to_the_end(at=world.at)

    assert "Spørre 3 kunder?" in " ".join(seen.replace("\N{NO-BREAK SPACE}", " ").split())
    assert (fresh(row).status, fresh(asked).ordered_by.name, Access.objects.count()) == (Status.DONE, "Per Holm", 3)


def test_a_few_are_asked_by_one(staff: Client, administrator: User, profile: AccessProfile, world: World) -> None:
    asked = campaign(administrator, profile, world, customers=2)
    address = f"/sandbox/campaigns/{asked.pk}/start/"

    staff.post(address, {"shown": staff.get(address).context["question"].shown})

    assert (fresh(asked).status, Proposal.objects.exists()) == (Campaign.Status.RUNNING, False)


def test_no_other_page_asks_many(staff: Client, profile: AccessProfile, vendor: Any) -> None:
    ids = "&".join(f"customer={row.pk}" for row in make_customers(3))

    text = staff.get(f"/sandbox/access/new/?{ids}", follow=True).content.decode()

    assert "Spør høyst 2 om gangen" in text


def test_a_role_is_given_by_two(staff: Client, colleague: Client, reader: User) -> None:
    wanted = form_of(rights_of(reader), role_sandbox=Role.ADMINISTRATOR)

    row = propose(staff, f"people/{reader.pk}/rights/", **wanted)
    before = rights_of(reader).roles["SANDBOX"]
    edits = colleague.get(f"/sandbox/proposals/{row.pk}/").context["question"].edits
    approve(colleague, row)

    assert (before, rights_of(reader).roles["SANDBOX"]) == (Role.READER, Role.ADMINISTRATOR)
    assert [(old, new) for _label, old, new in edits] == [("Lesetilgang", "Administrator")]


def test_what_is_taken_away_takes_one(staff: Client, reader: User) -> None:
    url = f"/sandbox/people/{reader.pk}/rights/"
    form = form_of(rights_of(reader), role_sandbox="")
    shown = staff.post(url, form).context["question"].shown

    staff.post(url, {**form, "shown": shown})

    assert ("SANDBOX" in rights_of(reader).roles, Proposal.objects.exists()) == (False, False)


def test_who_gets_it_is_no_second_person(staff: Client, reader: User, now: None) -> None:
    """Two who keep people cannot give each other more, one at a time, without a third."""
    keeper = make_user(Role.READER, "keeper@vendor.example")
    give(keeper, Rights({"SANDBOX": Role.READER}, charges=frozenset({"PEOPLE"})))
    row = propose(staff, f"people/{keeper.pk}/rights/", **form_of(rights_of(keeper), role_sandbox=Role.ADMINISTRATOR))
    own = Client()
    own.force_login(keeper)

    reply = own.post(f"/sandbox/proposals/{row.pk}/", {"shown": row.ground}, follow=True)

    assert "Du kan ikke godkjenne dette selv" in reply.content.decode()
    assert rights_of(keeper).roles["SANDBOX"] == Role.READER


def test_an_invitation_gives_nothing_before_the_second_has_said_yes(staff: Client, colleague: Client) -> None:
    form = {
        "email": "kari@vendor.example",
        "name": "Kari",
        "language": "nb",
        "role_test": Role.READER,
        "sight_test": "own",
    }
    staff.post("/sandbox/people/invite/", form)
    invited, row = User.objects.get(email="kari@vendor.example"), Proposal.objects.get()
    before = rights_of(invited).roles

    approve(colleague, row)

    assert (before, rights_of(invited).roles) == ({}, {"TEST": Role.READER})


def test_no_service_does_it_alone_whatever_the_page(
    world: World, administrator: User, reader: User, approved: Access
) -> None:
    by, at, key, system = administrator.actor, world.at, new_key(world), approved.profile.system
    asked = campaign(administrator, approved.profile, world)
    shown = ordering.token_of(asked, ordering.number_of(asked))
    alone = [
        lambda: keys.activate_key(key=key, by=by, at=at),
        lambda: keys.retire_key(key=key, by=by, at=at),
        lambda: system_register.delete_system(system=system, typed=system.system_id, by=by, at=at),
        lambda: ordering.start(campaign=asked, user=administrator, shown=shown, at=at),
        lambda: change_rights(user=reader, rights=Rights.everywhere(Role.ADMINISTRATOR), by=by, at=at),
    ]

    for act in alone:
        with pytest.raises(NeedsSecondPerson):
            act()

    assert (fresh(key).status, fresh(system).status, fresh(asked).status) == ("NEW", "REGISTERED", "READY")


def test_a_command_of_the_operator_is_not_staff(world: World, reader: User) -> None:
    change_rights(user=reader, rights=Rights.everywhere(Role.ADMINISTRATOR), by="task:seed", at=world.at)

    assert rights_of(reader).roles["TEST"] == Role.ADMINISTRATOR


def test_many_are_renewed_by_a_campaign_only(
    world: World, approved: Access, administrator: User, settings: Any
) -> None:
    settings.TWO_PERSONS_ASKING_ABOVE = 0

    with pytest.raises(NeedsSecondPerson):
        renew_many(rows=Access.objects.all(), by=administrator.actor, at=world.at)
