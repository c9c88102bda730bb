"""What was delivered is taken back by a report that deletes it, where the service has such a message."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import Role, User
from portal.core.states import IllegalTransition
from submissions.adapters import ADAPTERS, adapter
from submissions.adapters.base import About, NamedFile
from submissions.models import Submission
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.documents import read_document
from submissions.services.drafting import drafts, taking_back
from tests.fixtures import make_user
from tests.submissions.adapters.gld_json.test_end_to_end import Vendor
from tests.submissions.deaths import each_death
from tests.submissions.world import BY, World

HOUSING = "innrapportering-boligsameie"
DELETING = [one for one in catalogue.services() if one.adapter == "gld_json" and one.options.get("deletion")]
S = Submission.Status


def accepted(vendor: Vendor) -> Submission:
    return vendor.settle(vendor.deliver(vendor.begin(vendor.examples())))


def content(draft: Submission) -> Any:
    return json.loads(read_document(draft.documents.get()))["leveranse"]


def url(row: Submission) -> str:
    return f"/sandbox/submissions/{row.pk}/take-back/"


def test_an_accepted_report_is_deleted_by_a_linked_one(world: World) -> None:
    vendor = Vendor(world, HOUSING)
    first = accepted(vendor)
    items = json.loads(read_document(first.documents.get(role="MESSAGE")))["leveranse"]["oppgave"]

    draft = taking_back.take_back(submission=first, by=BY, at=world.at)
    draft.refresh_from_db()
    delivery, state = content(draft), (draft.corrects, draft.status, draft.findings)
    done = vendor.settle(vendor.deliver(draft))

    assert state == (first, S.READY, [])
    assert "oppgave" not in delivery
    assert [entry["matrikkelnummer"] for entry in delivery["sletteoppgave"]] == [
        one["matrikkelnummer"] for one in items
    ]
    assert [entry["oppgaveeier"] for entry in delivery["sletteoppgave"]] == [one["oppgaveeier"] for one in items]
    assert set(delivery["oppgaveoppsummering"].values()) == {0}
    assert done.status == S.ACCEPTED


def test_asked_for_twice_it_is_one_draft(world: World) -> None:
    first = accepted(Vendor(world, HOUSING))

    one = taking_back.take_back(submission=first, by=BY, at=world.at)
    two = taking_back.take_back(submission=first, by=BY, at=world.at)

    assert one == two
    assert one.documents.count() == 1


def test_an_open_correction_is_not_taken_for_the_deletion(world: World) -> None:
    first = accepted(Vendor(world, HOUSING))
    open_one = drafts.copy_for_correction(submission=first, by=BY, at=world.at)

    with pytest.raises(taking_back.OpenCorrection) as raised:
        taking_back.take_back(submission=first, by=BY, at=world.at)

    assert raised.value.draft == open_one
    assert "sletteoppgave" not in content(open_one)
    assert list(first.corrections.all()) == [open_one]


def test_the_pages_say_that_a_correction_is_open(client: Client, world: World, administrator: User) -> None:
    first = accepted(Vendor(world, HOUSING))
    client.force_login(administrator)
    address = f"/sandbox/submissions/{first.pk}"

    copied = client.post(f"{address}/correct/", follow=True).content.decode()
    taken = client.post(f"{address}/take-back/", follow=True).content.decode()
    again = client.post(f"{address}/correct/", follow=True).content.decode()

    assert "Filene er kopiert til en ny kladd" in copied
    assert "Det er en åpen retting fra før. Send eller forkast den" in taken
    assert "Kladden sletter det som ble levert" not in taken
    assert "Det er en åpen retting fra før. Her er den" in again


def test_what_is_not_delivered_is_not_taken_back(world: World) -> None:
    vendor = Vendor(world, HOUSING)
    rejected = vendor.settle(vendor.deliver(vendor.begin(vendor.examples(wrong=True))))

    assert not taking_back.can_take_back(rejected)
    with pytest.raises(IllegalTransition):
        taking_back.take_back(submission=rejected, by=BY, at=world.at)


def test_services_without_a_deletion_do_not_offer_it(world: World) -> None:
    report = accepted(Vendor(world, "innrapportering-egg"))

    assert not taking_back.can_take_back(report)
    others = [one for name, one in ADAPTERS.items() if name != "gld_json"]
    assert not any(one.takes_back({}) for one in others)


@pytest.mark.parametrize("service", DELETING, ids=lambda one: one.id)
def test_every_deletion_names_its_items_and_passes_the_checks(service: Any) -> None:
    way = adapter("gld_json")
    about = About("310123455", Period.year(2025), service.id, service.options)
    (file,) = way.examples(about, name="Nordlys", wrong=False)

    made = way.deletion([file], about)

    assert made is not None
    leveranse = json.loads(made.content)["leveranse"]
    entries = [
        one
        for delivery in (leveranse if isinstance(leveranse, list) else [leveranse])
        for one in delivery["sletteoppgave"]
    ]
    wanted = {name.split(".")[0] for name, rule in service.options["deletion"].items() if "|" not in rule}
    assert entries
    assert all(wanted - {"oppgaveeierAlternativIdentifikator"} <= set(entry) for entry in entries)
    assert all(any("foedselsnummer" in text.casefold() for text in json.dumps(entry).split('"')) for entry in entries)
    assert way.inspect(made, about).findings == ()


@pytest.mark.parametrize(
    "broken", [b"", b"{", b"[]", b'{"leveranse": {"oppgave": []}}', b'{"leveranse": {"oppgave": 3}}']
)
def test_a_file_without_items_has_nothing_to_delete(broken: bytes) -> None:
    entry = catalogue.service(HOUSING)
    about = About("310123455", Period.year(2025), entry.id, entry.options)

    assert adapter("gld_json").deletion([NamedFile("a.json", broken)], about) is None


def test_the_button_leads_to_the_draft(client: Client, world: World, administrator: User) -> None:
    first = accepted(Vendor(world, HOUSING))
    client.force_login(administrator)

    page = client.get(f"/sandbox/submissions/{first.pk}/").content.decode()
    reply = client.post(url(first))

    draft = first.corrections.get()
    assert "Slett det som er levert" in page
    assert reply["Location"] == f"/sandbox/submissions/{draft.pk}/"


def test_a_reader_does_not_delete(client: Client, world: World) -> None:
    first = accepted(Vendor(world, HOUSING))
    client.force_login(make_user(Role.READER))

    assert client.post(url(first)).status_code == 403
    assert not first.corrections.exists()


@pytest.mark.django_db(transaction=True)
def test_whatever_process_dies_no_empty_correction_is_left(world: World) -> None:
    first = accepted(Vendor(world, HOUSING))

    def take_back() -> None:
        taking_back.take_back(submission=first, by=BY, at=world.at)

    for where in each_death(world, take_back, at_least=8):
        assert [draft.documents.count() for draft in first.corrections.all()] in ([], [1]), where
        first.corrections.all().delete()
