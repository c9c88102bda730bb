"""System users that were made before this portal, or in Altinn itself: found, and taken over without asking the customer."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest

from accounts.models import Customer, User, Vendor
from portal.core.audit import AuditEvent
from portal.core.environments import Environment
from portal.desk.attention import attention
from portal.gateways.altinn import AuthorizedParty
from systemusers.models import Access, AccessProfile, FoundSystemUser, RightsCheck, System, SystemUser
from systemusers.services import access as accesses
from systemusers.services import adoption, scopes, tokens
from systemusers.services.adoption import rights
from systemusers.services.authorised_parties import packages_of, resources_of
from tests.systemusers.world import AGENT_PACKAGE, BY, DIALOGS, PACKAGE, RESOURCE, World, fresh, make_profile

S = Access.Status
PARTIES = "altinn:accessmanagement/authorizedparties"
AUTHORISED = "/platform/accessmanagement/api/v1/enduser/authorizedparties"


@pytest.fixture(autouse=True)
def known_vendor(vendor: Vendor) -> Vendor:
    return vendor


@pytest.fixture
def wide(world: World) -> System:
    """A system for both kinds of system users."""
    world.client.scopes = [*world.client.scopes, PARTIES]
    world.client.save()
    world.introduce_client(world.client)
    return world.new_system(world.client, packages=[PACKAGE, AGENT_PACKAGE])


def made_elsewhere(world: World, system: System, number: int = 3, **more: Any) -> None:
    world.control("/control/bulk", {"organisations": number, "system_id": system.system_id, **more})


def look(world: World, system: System) -> None:
    accesses.reconcile_system(system=system, at=world.at)


def take_all(world: World, system: System, profile: AccessProfile, **more: Any) -> int:
    rows = FoundSystemUser.objects.filter(system=system)
    chosen = adoption.take_over(rows=rows, profile=profile, by=BY, at=world.at, **more)
    while adoption.take_over_due(at=world.at):
        pass
    return chosen


def asked_of_customers(world: World) -> int:
    return len(world.calls("POST", "/systemuser/request/vendor"))


def test_those_that_no_access_stands_for_are_found(world: World, wide: System, known_customer: Customer) -> None:
    own = world.new_access(known_customer, make_profile(wide))
    made_elsewhere(world, wide, references="number")
    world.let_pass(minutes=11)

    look(world, wide)
    look(world, wide)

    found = list(FoundSystemUser.objects.waiting())
    assert [row.external_ref for row in found] == ["kunde-1", "kunde-2", "kunde-3"]
    assert str(own.altinn_id) not in {str(row.altinn_id) for row in found}
    assert fresh(wide).listed_at == world.at


@pytest.mark.parametrize("references", ["orgnr", "guid", "number"])
@pytest.mark.parametrize("kind", ["standard", "agent"])
def test_one_that_is_taken_over_works_and_nobody_is_asked(
    world: World, wide: System, kind: str, references: str
) -> None:
    made_elsewhere(world, wide, 1, kind=kind, references=references)
    look(world, wide)
    found = FoundSystemUser.objects.get()
    profile = adoption.default_profile(system=wide, kind=kind.upper(), by=BY, at=world.at)

    chosen = take_all(world, wide, profile)

    row = Access.objects.get()
    assert (chosen, row.status, row.external_ref, row.altinn_id) == (
        1,
        S.APPROVED,
        found.external_ref,
        str(found.altinn_id),
    )
    assert (row.rights, row.packages, row.has_unknown_rights) == ([], [], True)
    assert row.customer.name == world.app.state.organisations[found.orgnr].name.upper()  # as the register writes it
    assert tokens.system_user_token(access=row, scopes=DIALOGS, at=world.at)
    assert fresh(row).status == S.IN_USE
    assert asked_of_customers(world) == 0


def test_many_are_taken_over_in_batches_without_doubles(world: World, wide: System) -> None:
    made_elsewhere(world, wide, 150, references="number")
    made_elsewhere(world, wide, 20, kind="agent", seed=2)
    look(world, wide)
    for kind in ("STANDARD", "AGENT"):
        take_all(world, wide, adoption.default_profile(system=wide, kind=kind, by=BY, at=world.at))
    look(world, wide)

    kinds = Counter(SystemUser.objects.values_list("kind", flat=True))
    assert kinds == {"STANDARD": 150, "AGENT": 20}
    assert (Customer.objects.count(), Access.objects.count()) == (170, 170)
    assert not FoundSystemUser.objects.waiting().exists()
    assert asked_of_customers(world) == 0
    assert AuditEvent.objects.filter(what="taken-over", by=BY).count() == 170


def test_an_interrupted_take_over_goes_on_where_it_was(
    world: World, wide: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_elsewhere(world, wide, 5)
    look(world, wide)
    profile = adoption.default_profile(system=wide, kind="STANDARD", by=BY, at=world.at)
    monkeypatch.setattr("systemusers.services.adoption.adopt.BATCH", 2)
    adoption.take_over(rows=FoundSystemUser.objects.all(), profile=profile, by=BY, at=world.at)
    adoption.take_over_due(at=world.at)
    halfway = Access.objects.count()
    world.fault(service="brreg", kind="status", status=503, times=9)
    adoption.take_over_due(at=world.at)
    stopped = Access.objects.count()

    world.app.faults.clear()
    world.let_pass(minutes=20)
    while adoption.take_over_due(at=world.at):
        pass

    assert (halfway, stopped, Access.objects.count(), Customer.objects.count()) == (2, 2, 5, 5)


def test_what_a_removed_access_stood_for_is_taken_over_onto_the_same_row(
    world: World, wide: System, known_customer: Customer
) -> None:
    profile = make_profile(wide)
    row = world.new_access(known_customer, profile)
    SystemUser.objects.filter(access=row).update(first_token_at=world.at)
    world.remove(row)
    world.let_pass(minutes=11)
    look(world, wide)
    world.let_pass(hours=1)
    row = world.check(row)
    assert row.status == S.REMOVED
    world.control("/control/system-users", {"system_id": wide.system_id, "orgnr": known_customer.orgnr})
    look(world, wide)

    take_all(world, wide, profile)

    again = Access.objects.get()
    assert (again.pk, again.status) == (row.pk, S.APPROVED)
    assert again.system_user.first_token_at is None  # another system user, which nobody has used
    assert tokens.system_user_token(access=again, scopes=DIALOGS, at=world.at)


def test_altinn_tells_the_system_user_itself_what_it_may_do(world: World, wide: System) -> None:
    made_elsewhere(world, wide, 1)
    look(world, wide)
    take_all(world, wide, adoption.default_profile(system=wide, kind="STANDARD", by=BY, at=world.at))

    adoption.check_rights_due(at=world.at)

    row = Access.objects.get()
    assert RESOURCE in row.rights  # Altinn's answer also has the resources that the package opens
    assert row.packages == [PACKAGE]
    assert row.rights_known_at is not None
    assert not row.has_unknown_rights
    assert RightsCheck.objects.get().next_attempt_at is None


def test_a_token_that_is_no_longer_taken_is_asked_for_once_more(world: World, wide: System) -> None:
    made_elsewhere(world, wide, 1)
    look(world, wide)
    take_all(world, wide, adoption.default_profile(system=wide, kind="STANDARD", by=BY, at=world.at))
    path = "/platform/accessmanagement/api/v1/enduser/authorizedparties"
    world.fault(service="accessmanagement", path=path, status=401, times=1)

    adoption.check_rights_due(at=world.at)

    assert not Access.objects.get().has_unknown_rights


def test_a_batch_is_asked_about_at_once_and_one_without_an_answer_keeps_nobody_back(
    world: World, wide: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    made_elsewhere(world, wide, 5)
    look(world, wide)
    take_all(world, wide, adoption.default_profile(system=wide, kind="STANDARD", by=BY, at=world.at))
    together = threading.Barrier(5)
    ask = rights.ask_now

    def meet(access: Access, token_of: Any) -> Any:
        together.wait(timeout=60)
        return ask(access, token_of)

    monkeypatch.setattr(rights, "ask_now", meet)
    world.fault(service="accessmanagement", path=AUTHORISED, status=503, times=1)

    taken = adoption.check_rights_due(at=world.at)

    assert taken == 5
    assert Access.objects.filter(rights_known_at=None).count() == 1
    assert RightsCheck.objects.get(access__rights_known_at=None).problem_code == "UNAVAILABLE"


@pytest.mark.parametrize("number", [1, 2])
def test_a_no_that_passes_leaves_the_rights_unknown_for_minutes_only(world: World, wide: System, number: int) -> None:
    made_elsewhere(world, wide, 1)
    look(world, wide)
    take_all(world, wide, adoption.default_profile(system=wide, kind="STANDARD", by=BY, at=world.at))
    world.fault(service="accessmanagement", path=AUTHORISED, status=403, times=number)

    for _minute in range(40):
        adoption.check_rights_due(at=world.at)
        world.let_pass(minutes=1)

    assert not Access.objects.get().has_unknown_rights


def test_of_what_packages_open_skatteetatens_and_what_the_system_asks_for_is_kept() -> None:
    opened = ("urn:altinn:resource:ske-innrapportering", "app_brg_regnskap", "nav_sykmelding", "skd-brev")
    party = AuthorizedParty("310987654", "Kunde", ("skattegrunnlag",), opened)

    assert resources_of(party, also=["nav_sykmelding"]) == ["nav_sykmelding", "skd-brev", "ske-innrapportering"]
    assert packages_of(party) == ["urn:altinn:accesspackage:skattegrunnlag"]


def test_rights_that_stay_unknown_are_counted_on_the_overview(
    world: World, system: System, administrator: User
) -> None:
    made_elsewhere(world, system, 1)
    look(world, system)
    take_all(world, system, adoption.default_profile(system=system, kind="STANDARD", by=BY, at=world.at))
    counted = []
    for _round in range(3):
        adoption.check_rights_due(at=world.at)
        lines = attention(user=administrator, environment=Environment.SANDBOX, at=world.at)
        counted.append({line.url: line.count for line in lines}.get("/sandbox/access/?status=RIGHTS", 0))
        world.let_pass(days=1, minutes=1)

    assert counted == [0, 0, 1]


def test_without_the_scope_the_rights_stay_unknown(world: World, system: System) -> None:
    made_elsewhere(world, system, 1)
    look(world, system)
    take_all(world, system, adoption.default_profile(system=system, kind="STANDARD", by=BY, at=world.at))

    adoption.check_rights_due(at=world.at)

    check = RightsCheck.objects.get()
    assert Access.objects.get().has_unknown_rights
    assert check.problem_code == "MP-200"
    assert check.next_attempt_at > world.at


def test_the_rights_are_asked_for_at_once_when_the_scope_was_ordered(world: World, system: System) -> None:
    made_elsewhere(world, system, 1)
    look(world, system)
    take_all(world, system, adoption.default_profile(system=system, kind="STANDARD", by=BY, at=world.at))
    adoption.check_rights_due(at=world.at)
    world.client.scopes = [*world.client.scopes, PARTIES]
    world.client.save()
    world.introduce_client(world.client)
    world.let_pass(minutes=5)

    scopes.check_scopes(client=world.client, by=BY, at=world.at)
    adoption.check_rights_due(at=world.at)

    assert not Access.objects.get().has_unknown_rights


def test_a_scope_that_is_granted_later_lets_what_waited_for_it_be_asked_again(world: World, system: System) -> None:
    made_elsewhere(world, system, 1)
    look(world, system)
    take_all(world, system, adoption.default_profile(system=system, kind="STANDARD", by=BY, at=world.at))
    adoption.check_rights_due(at=world.at)
    world.client.scopes = [*world.client.scopes, PARTIES]
    world.client.save()
    world.introduce_client(world.client)

    scopes.check_scopes(client=world.client, by=BY, at=world.at)
    adoption.check_rights_due(at=world.at)

    assert not Access.objects.get().has_unknown_rights


def test_a_token_that_altinn_does_not_take_is_asked_for_once_more(world: World, wide: System) -> None:
    made_elsewhere(world, wide, 1)
    look(world, wide)
    take_all(world, wide, adoption.default_profile(system=wide, kind="STANDARD", by=BY, at=world.at))
    world.fault(service="accessmanagement", path=AUTHORISED, status=401, times=1)

    adoption.check_rights_due(at=world.at)

    assert not Access.objects.get().has_unknown_rights
    assert RightsCheck.objects.get().problem_code == ""


def test_one_made_in_altinn_later_is_taken_over_in_the_night_when_the_system_is_set_so(
    world: World, wide: System
) -> None:
    made_elsewhere(world, wide, 1)
    look(world, wide)
    profile = adoption.default_profile(system=wide, kind="STANDARD", by=BY, at=world.at)
    take_all(world, wide, profile, adopts=True)
    made_elsewhere(world, wide, 1, references="guid", seed=3)
    world.let_pass(hours=20)

    look(world, fresh(wide))
    while adoption.take_over_due(at=world.at):
        pass

    assert Access.objects.filter(status=S.APPROVED).count() == 2
    assert asked_of_customers(world) == 0


def test_one_that_is_gone_leaves_the_list_and_comes_back_with_the_system_user(world: World, wide: System) -> None:
    made_elsewhere(world, wide, 1)
    look(world, wide)
    found = FoundSystemUser.objects.get()
    user = world.app.state.system_users[str(found.altinn_id)]
    world.let_pass(minutes=1)
    user.deleted = True
    look(world, wide)
    gone = fresh(found).gone_at
    user.deleted = False
    world.let_pass(minutes=1)
    look(world, wide)

    assert gone is not None
    assert fresh(found).gone_at is None
    assert FoundSystemUser.objects.waiting().count() == 1


def test_a_list_that_is_suddenly_empty_takes_no_decision_away(world: World, wide: System) -> None:
    made_elsewhere(world, wide, 12)
    look(world, wide)
    profile = adoption.default_profile(system=wide, kind="STANDARD", by=BY, at=world.at)
    adoption.take_over(rows=FoundSystemUser.objects.all(), profile=profile, by=BY, at=world.at)
    kept = dict(world.app.state.system_users)
    world.let_pass(minutes=1)

    world.app.state.system_users.clear()
    look(world, wide)
    world.app.state.system_users.update(kept)
    look(world, wide)

    assert FoundSystemUser.objects.to_take_over().count() == 12


def test_a_number_that_is_no_organisation_here_waits_for_a_person_with_the_reason(world: World, wide: System) -> None:
    made_elsewhere(world, wide, 2)
    look(world, wide)
    FoundSystemUser.objects.filter(pk=FoundSystemUser.objects.order_by("pk")[0].pk).update(orgnr="974761076")

    take_all(world, wide, adoption.default_profile(system=wide, kind="STANDARD", by=BY, at=world.at))

    refused = FoundSystemUser.objects.waiting().get()
    assert (refused.orgnr, refused.problem_code) == ("974761076", "WRONG_ORGNR")
    assert Access.objects.count() == 1


def test_who_has_approved_is_not_asked_again(world: World, wide: System) -> None:
    profile = make_profile(wide)
    made_elsewhere(world, wide, 1, references="number")
    look(world, wide)
    found = FoundSystemUser.objects.get()
    customer = world.new_customer(found.orgnr, "Rask Blå Elg AS")

    with pytest.raises(accesses.AlreadyApproved):
        accesses.ask_access(customer=customer, profile=profile, by=BY, at=world.at)
    take_all(world, wide, adoption.default_profile(system=wide, kind="STANDARD", by=BY, at=world.at))
    with pytest.raises(accesses.AlreadyRequested):
        accesses.ask_access(customer=customer, profile=profile, by=BY, at=world.at)

    assert Access.objects.count() == 1


def test_two_system_users_of_one_customer_become_two_accesses(world: World, wide: System) -> None:
    made_elsewhere(world, wide, 1, references="number")
    look(world, wide)
    found = FoundSystemUser.objects.get()
    world.control(
        "/control/system-users", {"system_id": wide.system_id, "orgnr": found.orgnr, "external_ref": "avdeling-7"}
    )
    look(world, wide)

    take_all(world, wide, adoption.default_profile(system=wide, kind="STANDARD", by=BY, at=world.at))

    assert sorted(Access.objects.values_list("external_ref", flat=True)) == ["avdeling-7", "kunde-1"]
    assert Customer.objects.count() == 1


def test_ignored_ones_are_not_asked_about_again(world: World, wide: System) -> None:
    made_elsewhere(world, wide, 2)
    look(world, wide)

    adoption.ignore(rows=FoundSystemUser.objects.all(), system=wide, by=BY, at=world.at)
    look(world, wide)
    ignored = FoundSystemUser.objects.waiting().count()
    adoption.reconsider(rows=FoundSystemUser.objects.all(), system=wide, by=BY, at=world.at)

    assert (ignored, FoundSystemUser.objects.waiting().count()) == (0, 2)
    told = AuditEvent.objects.filter(what__in=["ignored", "reconsidered"], by=BY).order_by("pk")
    assert [(event.what, event.detail["number"]) for event in told] == [("ignored", 2), ("reconsidered", 2)]


def test_the_trail_names_who_chose_each_of_them(world: World, wide: System) -> None:
    made_elsewhere(world, wide, 2)
    look(world, wide)
    profile = adoption.default_profile(system=wide, kind="STANDARD", by=BY, at=world.at)
    for row, by in zip(FoundSystemUser.objects.order_by("pk"), ("user:a", "user:b"), strict=True):
        adoption.take_over(rows=FoundSystemUser.objects.filter(pk=row.pk), profile=profile, by=by, at=world.at)

    adoption.take_over_due(at=world.at)

    added = AuditEvent.objects.filter(what="added", target__startswith="accounts.Customer")
    taken = AuditEvent.objects.filter(what="taken-over")
    assert sorted(added.values_list("by", flat=True)) == ["user:a", "user:b"]
    assert set(added.values_list("by", "customer_id_ref")) == set(taken.values_list("by", "customer_id_ref"))


def test_a_profile_of_another_kind_takes_only_its_own(world: World, wide: System) -> None:
    made_elsewhere(world, wide, 2)
    made_elsewhere(world, wide, 1, kind="agent", seed=2)
    look(world, wide)

    take_all(world, wide, adoption.default_profile(system=wide, kind="AGENT", by=BY, at=world.at))

    assert Counter(FoundSystemUser.objects.waiting().values_list("kind", flat=True)) == {"STANDARD": 2}
