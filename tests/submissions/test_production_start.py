"""The checklist that a person ticks before the first report of a service is sent in production."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Customer, Role, User
from portal.core.audit import AuditEvent
from submissions.models import ProductionStart, Submission
from submissions.services import production_start
from submissions.services.production_start import NotTicked, Point, PointsMissing
from submissions.services.sending import found
from submissions.services.sending.again import try_again
from submissions.services.sending.queue import NotReady, queue
from systemusers.models import Access, MaskinportenClient, System
from tests.fixtures import AT, make_user
from tests.submissions.rows import press_send
from tests.submissions.test_queue import make_ready
from tests.submissions.world import BY, SERVICE, World

S = Submission.Status
ALL = frozenset(Point.values)
SENTENCE = "Sjekklisten for Aksjonærregisteroppgaven i produksjon er ikke krysset av."
CHECKLIST = f"/production/submissions/production/{SERVICE}/"
REAL_ORGNR = "974760673"


@pytest.fixture(autouse=True)
def production(settings: Any) -> None:
    settings.ENVIRONMENTS = ("SANDBOX", "PRODUCTION")


def move(submission: Submission) -> Submission:
    """The same rows as they are in production."""
    Customer.objects.update(environment="PRODUCTION", orgnr=REAL_ORGNR)
    for model in (MaskinportenClient, System, Access, Submission):
        model._base_manager.update(environment="PRODUCTION")
    return Submission.objects.get(pk=submission.pk)


@pytest.fixture
def ready(access: Access) -> Submission:
    return move(make_ready(access))


def tick() -> None:
    production_start.tick(service=SERVICE, points=ALL, by=BY, at=AT)


def send(submission: Submission) -> str:
    queue(submission=submission, by=BY, at=AT)
    submission.refresh_from_db()
    return submission.status


def test_the_first_report_is_not_queued_before_the_checklist_is_ticked(ready: Submission) -> None:
    with pytest.raises(NotReady) as caught:
        send(ready)

    assert caught.value.preflight.problems == [SENTENCE]
    ready.refresh_from_db()
    assert (ready.status, ready.calls.count()) == (S.READY, 0)


def test_ticked_it_is_queued(ready: Submission) -> None:
    tick()

    assert send(ready) == S.QUEUED


def test_the_checklist_of_another_service_does_not_count(ready: Submission) -> None:
    production_start.tick(service="innrapportering-boligsameie", points=ALL, by=BY, at=AT)

    with pytest.raises(NotReady):
        send(ready)


def test_a_checklist_without_a_point_that_was_added_later_does_not_count(ready: Submission) -> None:
    ProductionStart.objects.create(service=SERVICE, ticked_by=BY, ticked_at=AT, points=sorted(ALL - {Point.FINAL}))

    with pytest.raises(NotReady):
        send(ready)
    tick()
    assert send(ready) == S.QUEUED


def test_outside_production_nothing_is_asked(access: Access) -> None:
    assert send(make_ready(access)) == S.QUEUED


def test_withdrawn_it_stops_new_reports_and_leaves_the_queue(ready: Submission, access: Access) -> None:
    other = Submission.objects.get(pk=make_ready(Access.objects.get(pk=access.pk), parts=1).pk)
    tick()
    send(ready)

    production_start.untick(service=SERVICE, by=BY, at=AT)

    ready.refresh_from_db()
    assert (ready.status, ready.next_attempt_at) == (S.QUEUED, AT)
    with pytest.raises(NotReady) as caught:
        queue(submission=other, by=BY, at=AT, confirmed=frozenset({"replaces"}))
    assert caught.value.preflight.problems == [SENTENCE]


def test_trying_again_stays_a_draft(world: World, access: Access) -> None:
    failed = make_ready(access)
    for status in (S.QUEUED, S.SENDING, S.FAILED):
        failed.move_to(status, by=BY, at=AT)

    draft = try_again(submission=move(failed), by=BY, at=AT)

    assert draft.status in (S.DRAFT, S.READY)


@pytest.fixture
def asked(world: World) -> Submission:
    """A report that Skatteetaten has from elsewhere, so that a person is asked."""
    lost = world.send(world.queued())
    lost.calls.all().delete()
    lost.documents.all().delete()
    lost.delete()
    return move(world.send(world.queued()))


def test_sending_anyway_needs_the_checklist_too(asked: Submission) -> None:
    shown = frozenset(row.pk for row in found.find_open(asked))

    with pytest.raises(NotTicked, match=SENTENCE):
        found.send_anyway(submission=asked, shown=shown, by=BY, at=AT)
    assert len(found.find_open(asked)) == 1
    tick()
    found.send_anyway(submission=asked, shown=shown, by=BY, at=AT)
    assert asked.status == S.QUEUED


def test_pressing_send_anyway_leads_to_the_checklist(client: Client, case_worker: User, asked: Submission) -> None:
    client.force_login(case_worker)
    shown = [row.pk for row in found.find_open(asked)]
    url = reverse("submission-found", kwargs={"environment": "production", "pk": asked.pk})

    reply = client.post(url, {"answer": "send", "shown": shown}, follow=True)

    assert reply.redirect_chain == [(CHECKLIST, 302)]
    assert SENTENCE in reply.content.decode()


def test_the_page_of_the_draft_refuses_with_a_link(client: Client, case_worker: User, ready: Submission) -> None:
    client.force_login(case_worker)

    reply = press_send(client, ready)

    assert reply.status_code == 422
    assert SENTENCE in reply.content.decode()
    assert f'href="{CHECKLIST}"' in reply.content.decode()
    assert "Send nå" not in reply.content.decode()


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.CASE_WORKER])
def test_those_who_send_tick_it_and_the_trail_says_who(client: Client, role: str, db: None) -> None:
    user = make_user(role)
    client.force_login(user)

    reply = client.post(CHECKLIST, {"points": sorted(ALL)}, follow=True)

    row = ProductionStart.objects.get()
    assert (row.service, row.ticked_by, set(row.points)) == (SERVICE, user.actor, set(ALL))
    event = AuditEvent.objects.get(what="production-ticked")
    assert (event.by, event.environment, event.detail["service"]) == (user.actor, "PRODUCTION", SERVICE)
    assert user.name in reply.content.decode()


def test_ticked_twice_the_first_person_stays(db: None) -> None:
    tick()

    production_start.tick(service=SERVICE, points=ALL, by="user:another@vendor.example", at=AT)

    assert ProductionStart.objects.get().ticked_by == BY
    assert AuditEvent.objects.filter(what="production-ticked").count() == 1


@pytest.mark.parametrize("left_out", Point.values)
def test_every_point_is_needed(client: Client, case_worker: User, left_out: str) -> None:
    client.force_login(case_worker)

    reply = client.post(CHECKLIST, {"points": sorted(ALL - {left_out})})

    assert reply.status_code == 422
    assert f'id="point-{left_out}-error"' in reply.content.decode()
    assert not ProductionStart.objects.exists()
    with pytest.raises(PointsMissing):
        production_start.tick(service=SERVICE, points=ALL - {left_out}, by=BY, at=AT)


@pytest.mark.parametrize("role", [Role.DEVELOPER, Role.READER])
def test_the_rest_only_read_it(client: Client, role: str, db: None) -> None:
    client.force_login(make_user(role))

    assert client.get(CHECKLIST).status_code == 200
    assert client.post(CHECKLIST, {"points": sorted(ALL)}).status_code == 403
    assert not ProductionStart.objects.exists()


def test_only_an_administrator_withdraws_it(client: Client, case_worker: User, administrator: User) -> None:
    tick()
    client.force_login(case_worker)
    refused = client.post(f"{CHECKLIST}untick/").status_code
    assert (refused, ProductionStart.objects.count()) == (403, 1)

    client.force_login(administrator)
    reply = client.post(f"{CHECKLIST}untick/")

    assert (reply.status_code, ProductionStart.objects.count()) == (302, 0)
    assert AuditEvent.objects.get(what="production-unticked").by == administrator.actor
    assert client.get(f"{CHECKLIST}untick/").status_code == 405


@pytest.mark.parametrize("address", [CHECKLIST.replace("production", "sandbox", 1), CHECKLIST.replace(SERVICE, "no")])
def test_elsewhere_and_for_an_unknown_service_it_does_not_exist(
    client: Client, administrator: User, address: str
) -> None:
    client.force_login(administrator)

    assert client.get(address).status_code == 404
    assert client.post(address, {"points": sorted(ALL)}).status_code == 404
    assert client.post(f"{address}untick/").status_code == 404


def test_a_stranger_is_sent_to_the_log_in(client: Client, db: None) -> None:
    for address in (CHECKLIST, f"{CHECKLIST}untick/"):
        reply = client.post(address)
        assert (reply.status_code, reply["Location"].startswith("/accounts/login/")) == (302, True)


def test_the_connection_page_leads_to_the_checklist_of_each_service(client: Client, ready: Submission) -> None:
    client.force_login(make_user(Role.READER))

    before = client.get("/production/connection/").text
    tick()
    after = client.get("/production/connection/").text
    elsewhere = client.get("/sandbox/connection/").text

    assert f'href="{CHECKLIST}"' in before
    assert [text.count(">Krysset av<") for text in (before, after)] == [0, 1]
    assert "submissions/production/" not in elsewhere
