"""What gives sight of customers, or the account of another, beside roles: by two persons as well, or never by those two."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Charge, Portfolio, Proposal, Role, Substitution, User
from accounts.services import invitations, substitutions, ways_in
from accounts.services.proposals import NeedsSecondPerson, check
from accounts.services.staff import Rights, rights_of, save_user
from tests.desk.people.test_people import form_of
from tests.desk.second.test_acts import approve, propose
from tests.fixtures import give, make_user
from tests.systemusers.staff import page, post
from tests.systemusers.world import World, fresh

Status = Proposal.Status
DAYS = {"begins": "2099-12-01", "ends": "2099-12-05"}


def test_whoever_took_over_an_account_gets_no_role_by_it(
    staff: Client, colleague: Client, second: User, administrator: User, reader: User
) -> None:
    second.email = "ida.privat@vendor.example"
    save_user(user=second, by=administrator.actor, at=timezone.now())
    row = propose(staff, f"people/{reader.pk}/rights/", **form_of(rights_of(reader), role_sandbox=Role.ADMINISTRATOR))

    seen = page(colleague, f"proposals/{row.pk}/")
    told = post(colleague, f"proposals/{row.pk}/", {"shown": row.ground})

    assert "Godkjenn og gjør det" not in seen
    assert "Du kan ikke godkjenne dette selv" in told
    assert (fresh(row).status, rights_of(reader).roles["SANDBOX"]) == (Status.OPEN, Role.READER)


def test_a_third_person_vouches_on_the_page(
    staff: Client, colleague: Client, second: User, administrator: User, world: World
) -> None:
    owner = make_user(Role.ADMINISTRATOR, "tone@vendor.example", name="Tone")
    owner.email = "tone.ny@vendor.example"
    save_user(user=owner, by=administrator.actor, at=world.at)
    url = f"people/{owner.pk}/"

    own, others = page(staff, url), page(colleague, url)
    refused = post(staff, f"{url}vouch/")
    done = post(colleague, f"{url}vouch/")

    assert ("Bekreft at det er eieren" in own, "Bekreft at det er eieren" in others) == (False, True)
    assert "Du kan ikke bekrefte dette" in refused
    assert "Bekreftet." in done
    assert ways_in.is_apart([owner.pk], [administrator.pk])


def test_another_address_meanwhile_is_another_ground(
    staff: Client, colleague: Client, administrator: User, reader: User, world: World
) -> None:
    row = propose(staff, f"people/{reader.pk}/rights/", **form_of(rights_of(reader), role_sandbox=Role.ADMINISTRATOR))
    reader.email = "somebody.else@vendor.example"
    save_user(user=reader, by=administrator.actor, at=world.at)

    approve(colleague, row)

    assert (fresh(row).status, rights_of(reader).roles["SANDBOX"]) == (Status.VOID, Role.READER)


def test_a_substitute_is_named_by_two(
    staff: Client, colleague: Client, case_worker: User, reader: User, administrator: User
) -> None:
    row = propose(staff, f"people/{case_worker.pk}/substitute/", substitute=reader.pk, **DAYS)
    before = Substitution.objects.exists()
    seen = page(colleague, f"proposals/{row.pk}/")
    approve(colleague, row)

    assert (before, fresh(row).status) == (False, Status.DONE)
    assert "Vest" in seen
    assert Substitution.objects.get().substitute == reader
    with pytest.raises(NeedsSecondPerson):
        substitutions.appoint(
            absent=case_worker, substitute=reader, begins=date(2099, 1, 1), ends=date(2099, 1, 2),
            by=administrator.actor, at=timezone.now(),
        )  # fmt: skip


def test_the_substitute_is_no_second_person(staff: Client, colleague: Client, second: User, case_worker: User) -> None:
    row = propose(staff, f"people/{case_worker.pk}/substitute/", substitute=second.pk, **DAYS)

    told = post(colleague, f"proposals/{row.pk}/", {"shown": row.ground})

    assert "Du kan ikke godkjenne dette selv" in told
    assert colleague.get("/sandbox/proposals/").context["mine"] == []
    assert not Substitution.objects.exists()


def test_a_leaver_is_shut_out_at_once_and_the_heir_waits_for_the_second(
    staff: Client, colleague: Client, case_worker: User, reader: User, portfolio: Portfolio
) -> None:
    heir = make_user(Role.CASE_WORKER, "heir@vendor.example")

    warned = page(staff, f"people/{case_worker.pk}/leave/")
    post(staff, f"people/{case_worker.pk}/leave/", {"confirmed": "yes", "heir": heir.pk})
    row, before = Proposal.objects.get(), rights_of(heir).portfolios
    approve(colleague, row)

    assert "før en kollega har godkjent det" in warned
    assert (fresh(case_worker).is_active, before) == (False, frozenset())
    assert (fresh(row).status, rights_of(heir).portfolios) == (Status.DONE, frozenset({portfolio.pk}))


def test_an_heir_whom_another_proposal_is_about_is_refused_and_nothing_is_done(
    staff: Client, case_worker: User, portfolio: Portfolio
) -> None:
    heir = make_user(Role.CASE_WORKER, "heir@vendor.example", name="Tone Vik")
    propose(staff, f"people/{heir.pk}/rights/", **form_of(rights_of(heir), role_sandbox=Role.ADMINISTRATOR))
    url = f"/sandbox/people/{case_worker.pk}/leave/"

    refused = staff.post(url, {"confirmed": "yes", "heir": heir.pk})
    before = fresh(case_worker).is_active
    post(staff, f"people/{case_worker.pk}/leave/", {"confirmed": "yes", "heir": ""})

    assert refused.status_code == 422
    assert "Noe annet om Tone Vik venter" in str(refused.context["form"].errors["heir"])
    assert (before, fresh(case_worker).is_active, rights_of(heir).portfolios) == (True, False, frozenset())


def test_an_heir_who_gets_nothing_new_waits_for_nobody(
    staff: Client, case_worker: User, portfolio: Portfolio, settings: Any
) -> None:
    heir = make_user(Role.CASE_WORKER, "heir@vendor.example")
    heir.portfolios.add(portfolio)

    post(staff, f"people/{case_worker.pk}/leave/", {"confirmed": "yes", "heir": heir.pk})

    assert (fresh(case_worker).is_active, Proposal.objects.exists()) == (False, False)


def test_an_integration_is_no_way_around(world: World, reader: User) -> None:
    keeper = make_user(Role.READER, "keeper@vendor.example")
    give(keeper, Rights({"SANDBOX": Role.READER}, charges=frozenset({Charge.PEOPLE})))

    for by in ("integration:erp", f"integration:erp {keeper.actor}", "customer:link"):
        with pytest.raises(NeedsSecondPerson):
            check(Proposal.Kind.RIGHTS_GIVEN, environment="", target=reader, by=by, approved=None)


def test_of_two_the_page_says_who_is_no_second_person_and_what_the_operator_does(
    staff: Client, administrator: User, reader: User, world: World, settings: Any
) -> None:
    who = {"email": "per@vendor.example", "name": "Per Ny", "language": "nb"}
    new = invitations.invite(**who, rights=Rights(), by=administrator.actor, at=world.at)
    url = f"people/{new.pk}/"

    seen = page(staff, url)
    asked = post(staff, f"people/{reader.pk}/rights/", form_of(rights_of(reader), role_sandbox=Role.ADMINISTRATOR))
    settings.TWO_PERSONS = {}
    without_rules = page(staff, url)

    assert f"<code>manage.py vouch_for {new.email}</code>" in seen
    assert "Åpnet av en annen" not in without_rules
    assert "ingen andre hos dere kan godkjenne det nå" in asked
