"""Reports and dialogs of an accountant's clients, from the offer to the verdict."""

from __future__ import annotations

import json
import zipfile
from datetime import timedelta

import pytest

from accounts.models import Customer
from portal.core import lease
from portal.core.lease import lasting_problems
from portal.gateways import urns
from portal.sandbox.dialogs import open_dialog
from submissions.models import Dialog, EventSubscription, PollCursor, Submission
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.drafting import drafts
from submissions.services.evidence import evidence
from submissions.services.inbox import cursors, limits, poll, presence, pull
from submissions.services.inbox.subscriptions import wanted
from submissions.services.offers import offers_for
from submissions.services.pages.next_step import problem_of
from submissions.services.ways import about_of, adapter_of
from systemusers.models import Access, ClientRelation, Kind
from systemusers.services import client_relations
from systemusers.services.client_relations.ways import settling_since
from systemusers.services.tokens import AccessMissing, system_user_token
from tests.submissions.accountant import HOUSING, SALARY, Firm, firm
from tests.submissions.inbox.reading import Reading
from tests.submissions.world import AT, BY, PACKAGE, RESOURCE, SERVICE, make_draft, queue_package
from tests.world import AGENT_PACKAGE, make_profile

__all__ = ["firm"]
S = Submission.Status


def deliver(firm: Firm, customer: Customer, service: str, *, wrong: bool) -> Submission:
    offer = next(each for each in offers_for(customer) if each.service.id == service)
    assert offer.access is not None
    draft = make_draft(offer.access, at=firm.world.at, customer=customer, service=service)
    files = adapter_of(draft).examples(about_of(draft), name=customer.name, wrong=wrong)
    sent = queue_package(draft, [(file.name, file.content) for file in files], at=firm.world.at)
    return firm.world.send(sent)


def opens(firm: Firm, orgnr: str, **fields: str) -> str:
    values = {"service_resource": f"urn:altinn:resource:{RESOURCE}", "title": "Krav", "org": "ske", **fields}
    return open_dialog(firm.world.app, party_orgnr=orgnr, now=firm.world.at, **values).id


def test_reports_for_three_of_three_hundred_clients_are_accepted_and_rejected(firm: Firm) -> None:
    clients = firm.customers(300)
    wanted = {
        deliver(firm, clients[0], SERVICE, wrong=False).pk: (clients[0], S.ACCEPTED),
        deliver(firm, clients[1], SERVICE, wrong=True).pk: (clients[1], S.REJECTED),
        deliver(firm, clients[1], HOUSING, wrong=False).pk: (clients[1], S.ACCEPTED),
        deliver(firm, clients[2], HOUSING, wrong=True).pk: (clients[2], S.REJECTED),
    }

    reading = Reading(firm.world)
    for pk in wanted:
        reading.settle(Submission.objects.get(pk=pk), rounds=4)

    rows = {row.pk: row for row in Submission.objects.all()}
    assert {pk: (row.customer, row.status) for pk, row in rows.items()} == wanted
    assert all(row.access == firm.access for row in rows.values())
    assert {row.dialog_id for row in rows.values()} <= set(Dialog.objects.values_list("dialog_id", flat=True))
    assert {row.orgnr for row in firm.world.received} <= {row.orgnr for row in clients[:3]}


def test_the_dialogs_of_three_hundred_clients_are_filed_with_their_own_customers(firm: Firm) -> None:
    clients = firm.customers(300)
    for client in clients:
        opens(firm, client.orgnr)
    own = Access.objects.exclude(pk=firm.access.pk)
    PollCursor.objects.filter(access__in=own).delete()
    cursors.make_cursors(at=firm.world.at)
    PollCursor.objects.filter(access__in=own).update(next_attempt_at=firm.world.at + timedelta(days=1))
    firm.world.forget_calls()

    poll.poll_due(at=firm.world.at)

    filed = dict(Dialog.objects.values_list("customer__orgnr", "access"))
    searches = [r for r in firm.world.transport.requests if r.url.path.endswith("/enduser/dialogs")]
    assert filed == {client.orgnr: firm.access.pk for client in clients}
    assert Dialog.objects.count() == 300
    assert len(searches) == 1
    assert searches[0].url.params.get_list("serviceResource") == catalogue.resources_of(firm.access)


def test_another_accountant_that_fails_touches_nobody_else(firm: Firm) -> None:
    other = firm.another("Annet Regnskap AS")
    (mine,) = firm.customers(1)
    firm.world.control(f"/control/system-users/{other.system_user.altinn_id}", method="DELETE")
    firm.world.forget_calls()
    cursors.make_cursors(at=firm.world.at)
    opens(firm, mine.orgnr)

    for _ in range(4):
        poll.poll_due(at=firm.world.at)
        firm.read()
        firm.world.let_pass(hours=1)

    assert Dialog.objects.get().customer == mine
    assert not lasting_problems(PollCursor.objects.exclude(access=other)).exists()
    assert PollCursor.objects.get(access=other).problem_code == "MP-303"
    assert deliver(firm, mine, SERVICE, wrong=False).status == S.DELIVERED


def test_dialogs_of_an_unknown_client_are_read_once_it_is_a_customer(firm: Firm) -> None:
    (number,) = firm.attach(1)
    ident = opens(firm, number)
    cursors.make_cursors(at=firm.world.at)
    poll.poll_due(at=firm.world.at)
    before = Dialog.objects.count()
    noted = ClientRelation.objects.get(orgnr=number)
    firm.world.let_pass(days=40)  # longer than a new cursor looks back
    poll.poll_due(at=firm.world.at)
    firm.world.let_pass(hours=7)
    poll.poll_due(at=firm.world.at)

    client = firm.world.new_customer(number, "Ble kunde AS")
    client_relations.tie_customers(at=firm.world.at)
    firm.world.let_pass(seconds=5)
    found = cursors.read_again(at=firm.world.at)
    again = cursors.read_again(at=firm.world.at)
    poll.poll_due(at=firm.world.at)

    row = Dialog.objects.get()
    assert (before, noted.is_known, noted.customer) == (0, False, None)
    assert (found, again) == (1, 0)
    assert (str(row.dialog_id), row.customer, row.access) == (ident, client, firm.access)
    assert cursors.read_again(at=firm.world.at) == 0


def test_an_answer_for_a_new_client_is_seen_as_soon_as_dialogporten_knows_of_the_client(firm: Firm) -> None:
    """Dialogporten keeps what a system user may see for a quarter of an hour. What happens meanwhile lies behind the cursor."""
    firm.world.control("/control/settings", {"rights_cache_seconds": 900}, method="PATCH")
    firm.customers(1)
    cursors.make_cursors(at=firm.world.at)
    poll.poll_due(at=firm.world.at)
    firm.world.let_pass(days=3)  # the readings after the access itself was new are long over
    poll.poll_due(at=firm.world.at)
    (late,) = firm.customers(1)
    cursors.read_again(at=firm.world.at)
    sent = deliver(firm, late, SERVICE, wrong=False)
    seen = []
    for minute in range(25):
        firm.world.let_pass(minutes=1)
        poll.poll_due(at=firm.world.at)
        pull.pull_due(at=firm.world.at)
        if Submission.objects.get(pk=sent.pk).status == S.ACCEPTED:
            seen.append(minute)

    assert sent.status == S.DELIVERED
    assert len(seen) >= 4
    assert seen[0] >= 14, "the sandbox did not keep what it knew"


def test_more_than_twenty_resources_are_asked_for_in_several_searches(
    firm: Firm, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [f"urn:altinn:resource:ske-{number:02}" for number in range(25)]
    monkeypatch.setattr(catalogue, "resources_of", lambda access, settings: many)

    searches = poll._searches(firm.access, poll.Known(catalogue.local, limits.limits_of, {}))

    assert [len(search["service_resources"]) for search in searches] == [20, 5]
    assert [urn for search in searches for urn in search["service_resources"]] == many


def test_an_accountants_access_is_not_offered_for_the_accountant_itself(firm: Firm) -> None:
    firm.attach(1)
    firm.read()
    accountant = firm.access.customer
    with pytest.raises(drafts.NotAllowed, match="gjelder klientene"):
        drafts.create_draft(access=firm.access, service=SERVICE, period=Period.year(2025), by=BY, at=AT)

    offered = [each.access for each in offers_for(accountant) if each.is_allowed and each.service.id == SERVICE]

    assert offered == [firm.world.access]


def test_an_accountant_that_is_its_own_client_has_two_ways(firm: Firm) -> None:
    firm.attach([firm.access.customer.orgnr])
    firm.read()

    ways = [each.access for each in offers_for(firm.access.customer) if each.is_allowed and each.service.id == SERVICE]

    assert ways == [firm.world.access, firm.access]


def test_of_two_accountants_the_one_with_the_package_is_offered(firm: Firm) -> None:
    (client,) = firm.customers(1)
    other = firm.another("Annet Regnskap AS")
    firm.attach([client.orgnr], access=other, packages=[SALARY])
    firm.read()
    one = [each.access for each in offers_for(client) if each.service.id == SERVICE]
    firm.attach([client.orgnr], access=other)
    firm.read()

    two = [(each.access, each.through) for each in offers_for(client) if each.service.id == SERVICE]

    assert one == [firm.access]
    assert {access for access, _through in two} == {firm.access, other}
    assert {through for _access, through in two} == {firm.access.customer.name, "Annet Regnskap AS"}


@pytest.mark.parametrize("order", ["pulled first", "read first"])
def test_the_dialogs_of_a_client_of_two_accountants_stay_when_one_of_them_leaves(firm: Firm, order: str) -> None:
    (client,) = firm.customers(1)
    other = firm.another("Annet Regnskap AS")
    opens(firm, client.orgnr)
    cursors.make_cursors(at=firm.world.at)
    PollCursor.objects.exclude(access=firm.access).update(next_attempt_at=firm.world.at + timedelta(minutes=5))
    poll.poll_due(at=firm.world.at)
    pull.pull_due(at=firm.world.at)
    assert Dialog.objects.get().access == firm.access
    firm.attach([client.orgnr], access=other)
    firm.read()
    firm.world.let_pass(hours=7)
    poll.poll_due(at=firm.world.at)
    firm.world.control(f"/control/system-users/{firm.access.system_user.altinn_id}", method="DELETE")
    firm.world.let_pass(hours=2)
    with pytest.raises(AccessMissing):
        system_user_token(access=firm.access, scopes=("digdir:dialogporten",), at=firm.world.at, fresh=True)
    firm.world.let_pass(hours=2)
    assert firm.world.check(firm.access).status == "REMOVED"

    if order == "read first":
        PollCursor.objects.filter(access=other).update(full_at=firm.world.at, overlap_at=firm.world.at)
        lease.make_due(PollCursor.objects.filter(access=other), at=firm.world.at)
        poll.poll_due(at=firm.world.at)
    presence.sweep(at=firm.world.at)
    pull.pull_due(at=firm.world.at)
    firm.world.let_pass(seconds=5)
    poll.poll_due(at=firm.world.at)
    pull.pull_due(at=firm.world.at)

    row = Dialog.objects.get()
    assert (row.access, row.customer, row.gone_reason) == (other, client, "")


def test_why_nothing_can_be_sent_is_said_for_each_way(firm: Firm) -> None:
    (client,) = firm.customers(1)
    other = firm.another("Annet Regnskap AS")
    firm.attach([client.orgnr], packages=[SALARY])
    firm.attach([client.orgnr], access=other)
    firm.read()
    firm.world.control(
        f"/control/system-users/{other.system_user.altinn_id}/clients", {"orgnrs": [client.orgnr]}, method="DELETE"
    )
    for _ in range(2):
        firm.read()
        firm.world.let_pass(hours=2)

    (offer,) = [each for each in offers_for(client) if each.service.id == SERVICE]

    assert not offer.is_allowed
    reasons = {reason.through: reason.text for reason in offer.reasons}
    assert "mangler pakken" in reasons[firm.access.customer.name]
    assert "har fjernet" in reasons["Annet Regnskap AS"]


def test_a_client_that_the_accountant_took_away_stops_what_is_not_sent(firm: Firm) -> None:
    (client,) = firm.customers(1)
    draft = make_draft(firm.access, at=firm.world.at, customer=client)
    firm.detach([client.orgnr])
    firm.read()
    after_one = catalogue.availability(access=firm.access, service=catalogue.service(SERVICE), customer=client)
    firm.world.let_pass(hours=2)
    firm.read()

    after_two = catalogue.availability(access=firm.access, service=catalogue.service(SERVICE), customer=client)

    assert (after_one.reason, bool(after_one.note)) == ("", True)
    assert "har fjernet" in after_two.reason
    assert draft.status == S.DRAFT


def test_a_correction_goes_through_the_new_accountant(firm: Firm) -> None:
    (client,) = firm.customers(1)
    sent = deliver(firm, client, SERVICE, wrong=True)
    sent = Reading(firm.world).settle(sent)
    other = firm.another("Annet Regnskap AS")
    firm.attach([client.orgnr], access=other)
    same = drafts.copy_for_correction(submission=sent, by=BY, at=firm.world.at)
    same.move_to("CANCELLED", by=BY, at=firm.world.at)
    firm.detach([client.orgnr])
    for _ in range(2):
        firm.read()
        firm.world.let_pass(hours=2)

    moved = drafts.copy_for_correction(submission=sent, by=BY, at=firm.world.at)

    assert sent.status == S.REJECTED
    assert (same.access, moved.access, moved.customer) == (firm.access, other, client)


def test_a_client_known_only_from_a_dialog_can_be_sent_for_with_a_doubt(firm: Firm) -> None:
    client = firm.world.new_customer("310203335", "Fra dialog AS")
    client_relations.note_parties(access=firm.access, orgnrs=[client.orgnr], at=firm.world.at)

    found = catalogue.availability(access=firm.access, service=catalogue.service(SERVICE), customer=client)

    assert found.is_allowed
    assert "ukjent" in found.note


def test_a_client_of_nobody_cannot_be_sent_for(firm: Firm) -> None:
    client = firm.world.new_customer("310203335", "Ingens klient AS")

    with pytest.raises(drafts.NotAllowed, match="ikke lagt"):
        drafts.create_draft(
            access=firm.access, customer=client, service=SERVICE, period=Period.year(2025), by=BY, at=firm.world.at
        )

    assert offers_for(client) == []


def test_rights_of_a_client_that_was_just_added_are_settling(firm: Firm) -> None:
    firm.world.let_pass(days=10)
    (client,) = firm.customers(1)
    draft = make_draft(firm.access, at=firm.world.at, customer=client, problem_code="GLD_1015")
    soon = problem_of(draft, firm.world.at)
    firm.world.let_pass(hours=2)

    since = settling_since(access=firm.access, customer=client)

    assert since is not None
    assert since > firm.access.answered_at
    assert "ikke tatt i bruk overalt" in soon.title
    assert "ikke tatt i bruk overalt" not in problem_of(draft, firm.world.at).title


def test_the_evidence_names_the_accountant(firm: Firm) -> None:
    (client,) = firm.customers(1)
    sent = deliver(firm, client, SERVICE, wrong=False)

    with evidence(sent) as file, zipfile.ZipFile(file) as package:
        facts = json.loads(package.read("innsending.json"))

    assert facts["customer"]["orgnr"] == client.orgnr
    assert facts["access"]["orgnr"] == firm.access.customer.orgnr
    assert facts["access"]["kind"] == Kind.AGENT


def test_a_standard_access_with_packages_only_is_subscribed_and_an_accountants_is_not(firm: Firm) -> None:
    world = firm.world
    profile = make_profile(firm.system, "Bare pakke", rights=[], packages=[PACKAGE])
    by_package = world.new_access(world.new_customer("310203335", "Pakke AS"), profile)
    firm.customers(1)

    made = wanted.make_subscriptions(at=world.at + timedelta(hours=1), everything=True)
    again = wanted.make_subscriptions(at=world.at + timedelta(hours=1), everything=True)

    opened = set(EventSubscription.objects.filter(access=by_package).values_list("resource", flat=True))
    assert made > 0
    assert again == 0
    assert urns.resource(RESOURCE) in opened
    assert opened == set(catalogue.resources_of(by_package))
    assert not EventSubscription.objects.filter(access=firm.access).exists()
    assert AGENT_PACKAGE in firm.access.packages
