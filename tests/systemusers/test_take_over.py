"""A vendor who is live: its system is taken over as it is, and the entry changes only by what a person saw and confirmed."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from portal.core.audit import AuditEvent
from portal.core.states import LostRace
from portal.gateways.errors import Refused, Unavailable
from portal.gateways.maskinporten import Grant
from portal.sandbox.altinn import lookup
from portal.sandbox.state import System as RemoteSystem
from portal.sandbox.state import SystemUser
from systemusers.models import MaskinportenClient, System, SystemRound
from systemusers.services import system_register
from systemusers.services.keys import grant_for
from systemusers.services.remote import maskinporten
from systemusers.services.system_register import Look, nightly
from tests.fixtures import VENDOR_ORGNR
from tests.systemusers.world import BY, DIALOGS, PACKAGE, RESOURCE, World, fresh, make_system

LIVE = f"{VENDOR_ORGNR}_levende"
ORGNR = "310987654"
RIGHTS = [
    "ske-innrapportering-boligsameie", RESOURCE, "ske-innrapportering-boligselskap", "ske-innrapportering-drosjetjenester",
    "ske-innrapportering-fondskonto",
]  # fmt: skip
SECOND_PACKAGE = "urn:altinn:accesspackage:skatt-naering"
REDIRECTS = [
    "https://lonn.fjordtall.example/retur?x=1",
    "http://gammel.fjordtall.example/",
    "https://fjordtall.example/retur",
]
S = System.Status


@pytest.fixture
def clients(world: World) -> list[MaskinportenClient]:
    """Three of ours with a key each."""
    return [
        world.client,
        world.new_client(client_id="lonn"),
        world.new_client(client_id="drift"),
    ]


@pytest.fixture
def live(world: World, clients: list[MaskinportenClient]) -> RemoteSystem:
    """In the register for long: other languages, an action, addresses that a POST would refuse, and a customer with a system user."""
    world.introduce(ORGNR, "Nordlys Eiendom AS")
    system = RemoteSystem(
        id=LIVE, internal_id="5b0b0a6e-0000-4000-8000-000000000001", orgnr=VENDOR_ORGNR,
        name={"se": "Fjordtall davvi", "nb": "Fjordtall Lønn"}, description={"nb": "Lønn", "en": "Payroll"},
        rights=[{"action": "read", "resource": [{"id": "urn:altinn:resource", "value": value}]} for value in RIGHTS],
        packages=[SECOND_PACKAGE, PACKAGE], client_ids=["lonn", world.client.client_id, "drift"],
        redirect_urls=list(REDIRECTS), is_visible=True,
    )  # fmt: skip
    world.app.state.systems[LIVE] = system
    user = SystemUser(
        id="5b0b0a6e-0000-4000-8000-000000000002", seq=900, kind="standard", system_id=LIVE, orgnr=ORGNR,
        external_ref=ORGNR, title="Fjordtall", rights=[RESOURCE], packages=[], created=world.at,
    )  # fmt: skip
    lookup.add_user(world.app.state, user)
    return system


def at_altinn(world: World) -> dict[str, Any]:
    """The entry as the register has it, without its log."""
    return {name: copy.deepcopy(getattr(world.app.state.systems[LIVE], name)) for name in (
        "id", "name", "description", "rights", "packages", "client_ids", "redirect_urls", "is_visible", "is_deleted",
    )}  # fmt: skip


def works(client: MaskinportenClient, world: World) -> bool:
    """Whether the client gets a token of the customer's system user, asked at Maskinporten itself."""
    own = grant_for(client.keys.get(status="ACTIVE"), scopes=DIALOGS)
    grant = Grant(**{**vars(own), "owner_orgnr": ORGNR, "external_ref": ORGNR})
    try:
        maskinporten("SANDBOX").token(grant, at=world.at)
    except Refused:
        return False
    return True


def take_over(world: World) -> System:
    return system_register.import_system(client=world.client, signing=world.client, system_id=LIVE, by=BY, at=world.at)


def look_at(row: System, world: World) -> Look:
    return system_register.look_at(system=fresh(row), at=world.at)


def settle(
    row: System, shown: Look, world: World, *, typed: dict[str, str] | None = None, **given: str
) -> system_register.Settled:
    """Confirm what was shown; `given` chooses by column for all its lines, else what is suggested."""
    choices = {line.key: given[line.field] for line in shown.lines if line.field in given}
    names = typed if typed is not None else {line.key: line.word for line in shown.lines}
    return system_register.settle(system=row, seen=shown.seen, choices=choices, typed=names, by=BY, at=world.at)


def change(row: System, world: World, **fields: Any) -> None:
    """Save the form."""
    edited = fresh(row)
    for name, value in fields.items():
        setattr(edited, name, value)
    system_register.save_system(system=edited, by=BY, at=world.at)


def puts(world: World) -> int:
    return len(world.calls("PUT", "/systemregister/vendor"))


def test_what_the_register_has_is_listed_with_what_we_have(world: World, live: RemoteSystem) -> None:
    make_system(world.client)

    found = system_register.list_systems(client=world.client, by=BY, at=world.at)

    assert [(one.theirs.system_id, one.row) for one in found] == [(LIVE, None)]
    assert len(found[0].theirs.client_ids) == 3


def test_a_live_system_is_taken_over_as_it_is(world: World, live: RemoteSystem) -> None:
    before = at_altinn(world)

    row = take_over(world)

    assert (row.status, row.name_nb, row.name_nn, row.name_en) == (S.REGISTERED, "Fjordtall Lønn", "", "")
    assert (row.client_ids, row.rights) == (live.client_ids, RIGHTS)
    assert (row.packages, row.redirect_urls, row.is_visible) == (live.packages, REDIRECTS, True)
    assert (at_altinn(world), puts(world)) == (before, 0)
    assert look_at(row, world).lines == []


def test_the_trail_tells_of_the_question_before_the_row(world: World, live: RemoteSystem) -> None:
    take_over(world)

    assert list(AuditEvent.objects.order_by("id").values_list("what", flat=True))[-2:] == ["read-register", "added"]


@pytest.mark.parametrize("act", ["import", "compare", "edit", "look", "register", "theirs", "nightly"])
def test_tokens_of_all_three_clients_work_and_the_entry_stays_until_a_difference_is_confirmed(
    world: World, live: RemoteSystem, clients: list[MaskinportenClient], act: str
) -> None:
    before, tokens = at_altinn(world), [works(client, world) for client in clients]

    if act == "register":
        with pytest.raises(system_register.IdTaken):
            system_register.register_system(system=make_system(world.client, system_id=LIVE), by=BY, at=world.at)
    else:
        do(act, take_over(world), world)

    assert (tokens, [works(client, world) for client in clients]) == ([True] * 3, [True] * 3)
    assert (at_altinn(world), puts(world)) == (before, 0)


def do(act: str, row: System, world: World) -> None:
    """One thing that a person or a worker does without confirming a change in Altinn."""
    if act == "compare":
        system_register.compare_system(system=row, by=BY, at=world.at)
    if act in ("edit", "look", "theirs", "nightly"):
        change(row, world, name_nb="Nytt navn", client_ids=[world.client.client_id], rights=[RESOURCE])
    if act == "look":
        look_at(row, world)
    if act == "theirs":
        settle(row, look_at(row, world), world, name_nb="theirs", client_ids="theirs", rights="theirs")
    if act == "nightly":
        nightly.compare_due(at=world.at)


def test_a_confirmed_change_changes_that_alone(world: World, live: RemoteSystem, clients: Any) -> None:
    before, row = at_altinn(world), take_over(world)
    change(row, world, name_nb="Fjordtall", rights=[*RIGHTS, "ske-innrapportering-gaver-frivillige-organisasjoner"])

    done = settle(row, look_at(row, world), world)

    after = at_altinn(world)
    assert done == system_register.Settled(written=2, taken=0)
    assert after["name"] == {"se": "Fjordtall davvi", "nb": "Fjordtall"}
    assert after["rights"][:5] == before["rights"]
    assert {name for name in after if after[name] != before[name]} == {"name", "rights"}
    assert all(works(client, world) for client in clients)
    assert fresh(row).drift == []


def test_a_change_and_its_reverse_leave_the_entry_byte_for_byte(world: World, live: RemoteSystem) -> None:
    before, row = at_altinn(world), take_over(world)

    for name in ("Fjordtall", "Fjordtall Lønn"):
        change(row, world, name_nb=name)
        settle(row, look_at(row, world), world)

    assert (puts(world), at_altinn(world)) == (2, before)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("client_ids", "drift"),
        ("rights", RESOURCE),
        ("packages", PACKAGE),
        ("redirect_urls", REDIRECTS[1]),
    ],
)
def test_nothing_is_removed_whose_name_was_not_typed(world: World, live: RemoteSystem, field: str, value: str) -> None:
    row = take_over(world)
    before = at_altinn(world)
    change(row, world, **{field: [one for one in getattr(row, field) if one != value]})
    shown = look_at(row, world)
    key = shown.lines[0].key

    for typed in ({}, {key: "ja"}, {"annet": shown.lines[0].word}):
        with pytest.raises(system_register.NotTyped):
            settle(row, shown, world, typed=typed)
    refused = at_altinn(world)
    settle(row, shown, world, typed={key: f" {shown.lines[0].word} "})

    assert (refused, puts(world)) == (before, 1)
    assert at_altinn(world)[field] != before[field]


def test_a_client_that_another_added_in_altinn_is_kept_when_we_send_a_change(world: World, live: RemoteSystem) -> None:
    row = take_over(world)
    change(row, world, name_nb="Fjordtall")
    live.client_ids.append("en-til")

    settle(row, look_at(row, world), world)

    assert (at_altinn(world)["client_ids"][-1], fresh(row).client_ids[-1]) == ("en-til", "en-til")
    assert at_altinn(world)["name"]["nb"] == "Fjordtall"


def test_taking_theirs_writes_nothing_and_ends_the_difference(world: World, live: RemoteSystem) -> None:
    row = take_over(world)
    live.name["nb"], live.is_visible = "Nytt i Altinn", False
    system_register.compare_system(system=row, by=BY, at=world.at)
    drifted = fresh(row).drift

    done = settle(row, look_at(row, world), world)

    assert [entry["field"] for entry in drifted] == ["name_nb", "is_visible"]
    assert (done, puts(world)) == (system_register.Settled(written=0, taken=2), 0)
    assert (fresh(row).name_nb, fresh(row).is_visible, fresh(row).drift) == ("Nytt i Altinn", False, [])


def test_a_change_in_altinn_after_the_page_is_shown_first(world: World, live: RemoteSystem) -> None:
    row = take_over(world)
    change(row, world, name_nb="Fjordtall")
    shown = look_at(row, world)
    live.client_ids.append("en-til")

    with pytest.raises(system_register.ChangedMeanwhile) as caught:
        settle(row, shown, world)

    assert puts(world) == 0
    assert {line.field for line in caught.value.look.lines} == {"name_nb", "client_ids"}


def test_an_edit_of_a_colleague_after_the_page_is_shown_first(world: World, live: RemoteSystem) -> None:
    row = take_over(world)
    change(row, world, name_nb="Fjordtall")
    shown = look_at(row, world)
    change(row, world, description_nb="Annet")

    with pytest.raises(system_register.ChangedMeanwhile):
        settle(row, shown, world)

    assert puts(world) == 0


def test_of_two_who_confirm_the_same_one_writes(world: World, live: RemoteSystem) -> None:
    row = take_over(world)
    change(row, world, name_nb="Fjordtall")
    shown = look_at(row, world)
    refusals: list[type[Exception]] = []

    def other() -> None:
        """A colleague confirms while our PUT is on its way."""
        if world.calls("PUT", "/systemregister/vendor") and not refusals:
            refusals.append(LostRace)
            with pytest.raises(LostRace):
                settle(row, shown, world)

    world.transport.watch = other
    settle(row, shown, world)
    with pytest.raises(system_register.ChangedMeanwhile):
        settle(row, shown, world)

    assert (refusals, puts(world)) == ([LostRace], 1)


def test_a_comparison_leaves_a_change_that_a_colleague_is_writing_alone(world: World, live: RemoteSystem) -> None:
    row = take_over(world)
    change(row, world, name_nb="Fjordtall")
    refusals: list[type[Exception]] = []

    def other() -> None:
        """A colleague compares while our PUT is on its way."""
        if world.calls("PUT", "/systemregister/vendor") and not refusals:
            refusals.append(LostRace)
            with pytest.raises(LostRace):
                system_register.compare_now(system=row, by=BY, at=world.at)

    shown = look_at(row, world)
    world.transport.watch = other
    settle(row, shown, world)

    assert refusals == [LostRace]
    assert system_register.compare_now(system=fresh(row), by=BY, at=world.at) == []
    assert not SystemRound.objects.filter(kind="COMPARE", next_attempt_at__lte=world.at).exists()


class Died(BaseException):
    """The process was killed."""


def test_a_crash_after_the_put_is_found_by_the_next_comparison(
    world: World, live: RemoteSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = take_over(world)
    change(row, world, name_nb="Fjordtall")
    shown = look_at(row, world)

    def die(*_args: Any, **_kwargs: Any) -> None:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr("systemusers.services.system_register.settling._agree", die)
        patch.setattr("systemusers.services.system_register.settling._let_go", lambda _hold: None)
        with pytest.raises(Died):
            settle(row, shown, world)
    between = [entry["field"] for entry in fresh(row).drift]
    world.let_pass(minutes=4)
    nightly.compare_due(at=world.at)

    assert (between, fresh(row).drift, puts(world)) == (["name_nb"], [], 1)
    assert at_altinn(world)["name"]["nb"] == fresh(row).name_nb == "Fjordtall"


def test_a_lost_answer_leaves_a_difference_that_the_next_comparison_ends(world: World, live: RemoteSystem) -> None:
    row = take_over(world)
    change(row, world, name_nb="Fjordtall")
    shown = look_at(row, world)
    world.fault(kind="lost", path="/platform/authentication/api/v1/systemregister/vendor", after=1)

    with pytest.raises(Unavailable):
        settle(row, shown, world)
    world.let_pass(seconds=1)
    nightly.compare_due(at=world.at)

    assert (fresh(row).drift, puts(world)) == ([], 1)


def test_a_draft_of_a_live_id_is_taken_over_by_the_page_of_differences(world: World, live: RemoteSystem) -> None:
    before, draft = at_altinn(world), make_system(world.client, system_id=LIVE)
    with pytest.raises(system_register.IdTaken):
        system_register.register_system(system=draft, by=BY, at=world.at)

    settle(draft, look_at(draft, world), world)

    row = fresh(draft)
    assert (row.status, row.client_ids, row.name_nb, row.drift) == (S.REGISTERED, live.client_ids, "Fjordtall Lønn", [])
    assert (at_altinn(world), puts(world)) == (before, 0)


def test_a_system_of_another_vendor_is_refused(world: World, live: RemoteSystem) -> None:
    live.orgnr = "999999999"

    with pytest.raises(system_register.OwnedByAnother):
        take_over(world)

    assert not System.objects.exists()


@pytest.mark.parametrize(("is_deleted", "error"), [(True, "DeletedInAltinn"), (None, "NotInAltinn")])
def test_what_is_gone_is_not_taken_over(world: World, live: RemoteSystem, is_deleted: bool | None, error: str) -> None:
    live.is_deleted = bool(is_deleted)
    if is_deleted is None:
        del world.app.state.systems[LIVE]

    with pytest.raises(getattr(system_register, error)):
        take_over(world)


def test_a_deletion_in_altinn_is_noted_here_without_a_call_that_deletes(world: World, live: RemoteSystem) -> None:
    row = take_over(world)
    live.is_deleted = True
    drift = system_register.compare_system(system=row, by=BY, at=world.at)

    with pytest.raises(system_register.DeletedInAltinn):
        look_at(row, world)
    system_register.note_deletion(system=row, by=BY, at=world.at)

    assert [entry["theirs"] for entry in drift] == ["deleted"]
    assert (fresh(row).status, world.calls("DELETE", "/systemregister/")) == (S.DELETED, [])


def test_a_system_without_client_ids_is_deleted_although_altinn_answers_400(world: World, live: RemoteSystem) -> None:
    live.client_ids = []
    row = take_over(world)

    system_register.delete_system(system=row, typed=LIVE, by=BY, at=world.at)

    assert (fresh(row).status, live.is_deleted) == (S.DELETED, True)


def test_a_client_of_another_system_is_refused_here_and_by_altinn(world: World, live: RemoteSystem) -> None:
    row, other = take_over(world), world.new_system(world.new_client(client_id="annen"))

    with pytest.raises(system_register.SystemProblems) as here:
        change(row, world, client_ids=[*row.client_ids, "annen"])
    System.objects.filter(pk=other.pk).update(client_ids=[])
    change(row, world, client_ids=[*row.client_ids, "annen"])
    with pytest.raises(system_register.SystemProblems) as there:
        settle(row, look_at(row, world), world)

    assert list(here.value.fields) == list(there.value.fields) == ["client_ids"]
    assert at_altinn(world)["client_ids"] == live.client_ids == row.client_ids


def test_the_client_that_signs_for_us_need_not_be_one_of_the_systems(world: World, live: RemoteSystem) -> None:
    live.client_ids = ["lonn", "drift"]
    signing = MaskinportenClient.objects.get(client_id="lonn")

    row = system_register.import_system(client=world.client, signing=signing, system_id=LIVE, by=BY, at=world.at)
    world.forget_calls()
    system_register.compare_system(system=row, by=BY, at=world.at)

    assert (row.client, row.own_client, row.signs_for_customers) == (signing, world.client, True)
    log = world.app.state.systems[LIVE].changes
    assert log == []
    assert works(signing, world)
    assert not works(world.client, world)


def test_the_nightly_comparison_finds_what_another_changed(world: World, live: RemoteSystem) -> None:
    row = take_over(world)
    nightly.compare_due(at=world.at)
    live.redirect_urls.pop()
    world.let_pass(days=1)

    nightly.compare_due(at=world.at)

    assert [entry["field"] for entry in fresh(row).drift] == ["redirect_urls"]
    assert SystemRound.objects.get(system=row, kind="COMPARE").next_attempt_at > world.at


def test_client_ids_that_are_there_twice_do_not_stop_a_change(world: World, live: RemoteSystem) -> None:
    live.client_ids = ["lonn", "lonn", world.client.client_id]
    row = take_over(world)
    change(row, world, name_nb="Fjordtall")

    settle(row, look_at(row, world), world)

    assert at_altinn(world)["client_ids"] == ["lonn", world.client.client_id]


def test_two_systems_of_the_vendor_are_taken_over_one_by_one(world: World, live: RemoteSystem) -> None:
    second = copy.deepcopy(live)
    second.id, second.client_ids = f"{LIVE}_to", ["drift"]
    live.client_ids = [world.client.client_id, "lonn"]
    world.app.state.systems[second.id] = second

    rows = [
        system_register.import_system(client=world.client, signing=signing, system_id=ident, by=BY, at=world.at)
        for ident, signing in ((LIVE, world.client), (second.id, MaskinportenClient.objects.get(client_id="drift")))
    ]

    found = system_register.list_systems(client=world.client, by=BY, at=world.at)
    assert {one.theirs.system_id: one.is_known for one in found} == {LIVE: True, second.id: True}
    assert [row.own_client for row in rows] == [world.client, world.client]


@pytest.mark.parametrize(
    ("client_ids", "field"),
    [(["a", "a"], "client_ids"), (["to ord"], "client_ids"), (["drift", "annen"], "client_ids")],
)
def test_client_ids_of_a_form_are_checked(world: World, live: RemoteSystem, client_ids: list[str], field: str) -> None:
    row = take_over(world)
    world.new_system(world.new_client(client_id="annen"))

    with pytest.raises(system_register.SystemProblems) as caught:
        change(row, world, client_ids=client_ids)

    assert list(caught.value.fields) == [field]


def test_a_change_that_altinn_refuses_is_written_nowhere_in_the_entry(world: World, live: RemoteSystem) -> None:
    before, row = at_altinn(world), take_over(world)
    change(row, world, rights=[*RIGHTS, "finnes-ikke"], name_nb="Fjordtall")

    with pytest.raises(system_register.SystemProblems) as caught:
        settle(row, look_at(row, world), world)

    assert list(caught.value.fields) == ["rights"]
    assert at_altinn(world) == before
    assert {entry["field"] for entry in fresh(row).drift} == {"rights", "name_nb"}
