"""Every attachment has a row with a state, and what is not here is said and can be asked for again."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portal.core.audit import AuditEvent
from portal.core.environments import Environment
from portal.core.valkey import valkey
from portal.desk.attention import attention
from portal.sandbox.dialogs import Attachment, AttachmentUrl, add_transmission
from portal.sandbox.skatteetaten import letters
from submissions.models import Attachment as Kept
from submissions.models import Dialog, Document, Submission
from submissions.services.documents import read_document
from submissions.services.inbox import attachments, pull, sources
from submissions.services.pages import page
from systemusers.models import Access, MaskinportenClient
from tests.submissions.inbox.reading import Reading
from tests.submissions.inbox.test_pull import answered
from tests.submissions.inbox.test_verdict import feedback
from tests.submissions.rows import RESOURCE

PAGE = "https://skatteetaten.example/innboks/1"


def state_of(reading: Reading) -> list[tuple[str, str]]:
    return list(Kept.objects.exclude(status="SENT").values_list("status", "problem_code"))


def answers(reading: Reading, submission: Submission, **url: str) -> None:
    remote = next(iter(reading.world.app.state.dialogs.values()))
    paper = Attachment(id="0198c1f2-7c1e-7b52-9a55-000000000002", name="Svar", urls=[AttachmentUrl(**url)])
    add_transmission(
        reading.world.app, remote, type="Acceptance", title="Godkjent", now=reading.world.at,
        related_id=str(submission.transmission_id), attachments=[paper],
    )  # fmt: skip


def todo(reading: Reading, user: User) -> dict[str, int]:
    lines = attention(user=user, environment=Environment.SANDBOX, at=reading.world.at)
    return {line.title: line.count for line in lines}


def test_every_document_of_an_answer_becomes_fetched(reading: Reading) -> None:
    reading.settle(reading.delivered())

    assert state_of(reading) == [("FETCHED", ""), ("FETCHED", "")]


def test_an_open_page_goes_on_until_the_documents_of_the_answer_are_here(
    reading: Reading, client: Client, case_worker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        page, "LONGEST_FOLLOWED", timedelta(days=9999)
    )  # the answer came long ago by the clock of the page
    submission = answered(reading)
    client.force_login(case_worker)
    address = reverse("submission", kwargs={"environment": "sandbox", "pk": submission.pk})
    reading.poll()
    pull.pull_due(at=reading.world.at)

    before = client.get(address).content.decode()
    reading.pull()
    after = client.get(address).content.decode()

    submission.refresh_from_db()
    assert (submission.status, state_of(reading)[0][0]) == ("ACCEPTED", "FETCHED")
    assert ('hx-trigger="load delay:3s"' in before, "hx-trigger" in after) == (True, False)


def test_without_an_address_for_machines_the_path_of_the_service_is_used(reading: Reading) -> None:
    submission = answered(reading)
    remote = next(iter(reading.world.app.state.dialogs.values()))
    for paper in remote.transmissions[-1].attachments:
        paper.urls = [AttachmentUrl(url=PAGE, consumer_type="Gui")]

    reading.round()

    assert state_of(reading) == [("FETCHED", ""), ("FETCHED", "")]
    assert len(feedback(submission)) == 2


def test_what_only_people_can_open_is_shown_with_its_address(
    reading: Reading, client: Client, case_worker: User
) -> None:
    submission = reading.delivered()
    answers(reading, submission, url=PAGE, consumer_type="Gui")
    reading.round()
    client.force_login(case_worker)

    page = client.get(reverse("dialog", kwargs={"environment": "sandbox", "pk": Dialog.objects.get().pk}))

    assert state_of(reading) == [("LINKED", "")]
    assert f'href="{PAGE}"' in page.content.decode()


def test_an_address_that_is_no_web_address_is_no_link(reading: Reading, client: Client, case_worker: User) -> None:
    submission = reading.delivered()
    answers(reading, submission, url="javascript:alert(1)", consumer_type="Gui")
    reading.round()
    client.force_login(case_worker)

    page = client.get(reverse("dialog", kwargs={"environment": "sandbox", "pk": Dialog.objects.get().pk}))

    assert "javascript:alert" not in page.content.decode()


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_a_document_that_is_refused_for_days_is_counted_and_tried_daily(
    reading: Reading, administrator: User, status: int
) -> None:
    answered(reading)
    reading.fault("skatteetaten", status=status, times=10**6)

    for _ in range(25):
        reading.round()
        reading.world.let_pass(25 * 3600)
    reading.round()

    rows = Kept.objects.unfinished(reading.world.at)
    assert rows.count() == 2
    assert todo(reading, administrator)["Dialog mangler vedlegg"] == 1
    assert all(row.next_attempt_at - reading.world.at < timedelta(days=1, minutes=1) for row in rows)  # type: ignore[operator]


@pytest.mark.parametrize("code", ["invalid_scope", "MP-303"])
def test_a_token_that_is_refused_is_no_refusal_of_the_document(reading: Reading, code: str) -> None:
    answered(reading)
    reading.fault("skatteetaten", status=401, times=10**6)
    body = json.dumps({"error": "invalid_grant" if code == "MP-303" else code, "error_description": code})
    reading.fault("maskinporten", status=400, times=10**6, body=body)

    reading.round()

    assert state_of(reading) == [("WAITING", code)] * 2


def test_a_person_can_ask_for_a_document_again_and_it_is_recorded(
    reading: Reading, client: Client, case_worker: User
) -> None:
    submission = answered(reading)
    reading.fault("skatteetaten", status=410, times=2)
    reading.round()
    row = Dialog.objects.get()
    client.force_login(case_worker)
    page = client.get(reverse("dialog", kwargs={"environment": "sandbox", "pk": row.pk})).content.decode()

    client.post(reverse("dialog-try-again", kwargs={"environment": "sandbox", "pk": row.pk}))
    reading.world.let_pass(10**7)
    attachments.fetch_due(at=reading.world.at)

    assert "Prøv igjen" in page
    assert len(feedback(submission)) == 2
    assert AuditEvent.objects.get(what="tried-again").detail == {"attachments": 2}


def give_letter_scope(reading: Reading) -> None:
    remote = next(iter(reading.world.app.state.clients.values()))
    remote.scopes = [*remote.scopes, *sources.LETTER_SCOPES]
    MaskinportenClient.objects.update(scopes=remote.scopes)


def send_letter(reading: Reading) -> None:
    orgnr, app, at = reading.world.access.customer.orgnr, reading.world.app, reading.world.at
    letters.send(app, orgnr=orgnr, resource=RESOURCE, title="Vedtak", text="Hei", api_access=True, now=at)


def pull_again(reading: Reading) -> None:
    reading.world.let_pass(60)
    Dialog.objects.update(next_attempt_at=reading.world.at)
    reading.pull()


def test_a_document_without_a_scope_is_closed_once_however_often_its_dialog_is_pulled(reading: Reading) -> None:
    send_letter(reading)
    reading.round()
    before, told = Kept.objects.values().get(), AuditEvent.objects.count()

    pull_again(reading)
    pull_again(reading)

    assert Kept.objects.values().get() == before
    assert AuditEvent.objects.count() == told


def test_a_document_is_fetched_at_the_next_pull_when_our_client_has_got_the_scope(reading: Reading) -> None:
    send_letter(reading)
    reading.round()

    give_letter_scope(reading)
    pull_again(reading)

    assert state_of(reading) == [("FETCHED", "")]


def test_a_letter_needs_a_scope_of_its_own(reading: Reading) -> None:
    orgnr, app, at = reading.world.access.customer.orgnr, reading.world.app, reading.world.at
    letters.send(app, orgnr=orgnr, resource=RESOURCE, title="Vedtak", text="Hei", api_access=True, now=at)

    reading.round()

    assert state_of(reading) == [("CLOSED", "NO_SCOPE")]


def test_a_letter_becomes_a_document_when_our_client_has_the_scope(reading: Reading) -> None:
    world = reading.world
    orgnr, app, at = world.access.customer.orgnr, world.app, world.at
    give_letter_scope(reading)
    letters.send(app, orgnr=orgnr, resource=RESOURCE, title="Vedtak", text="Hei", api_access=True, now=at)

    reading.round()

    [document] = Document.objects.filter(transmission__dialog__customer__orgnr=orgnr)
    assert state_of(reading) == [("FETCHED", "")]
    assert (document.role, document.submission, document.media_type) == ("FEEDBACK", None, "application/pdf")
    assert read_document(document).startswith(b"%PDF")


@pytest.mark.parametrize(("minutes", "status"), [(5, "WAITING"), (61, "REFUSED")])
def test_a_right_that_was_just_given_is_waited_for(reading: Reading, minutes: int, status: str) -> None:
    answered(reading)
    Access.objects.update(answered_at=reading.world.at - timedelta(minutes=minutes))
    reading.fault("skatteetaten", status=403, times=10)

    reading.round()

    assert state_of(reading) == [(status, "HTTP-403"), (status, "HTTP-403")]


def test_a_token_refused_for_lacking_rights_refuses_no_document(reading: Reading) -> None:
    answered(reading)
    reading.poll()
    pull.pull_due(at=reading.world.at)
    valkey().flushdb()
    body = '{"error": "invalid_grant", "error_description": "MP-303: No system user was found"}'
    reading.fault("maskinporten", status=400, times=10, body=body)

    attachments.fetch_due(at=reading.world.at)

    assert state_of(reading) == [("WAITING", "MP-303"), ("WAITING", "MP-303")]


def test_an_access_that_has_ended_leaves_no_attachment_due(reading: Reading) -> None:
    answered(reading)
    reading.fault("skatteetaten", status=500, times=10**6)
    reading.round()
    Access.objects.update(status="REMOVED")
    reading.world.let_pass(3600)

    attachments.fetch_due(at=reading.world.at)

    assert not Kept.objects.filter(next_attempt_at__isnull=False).exists()


def test_a_withdrawn_answer_keeps_its_documents(reading: Reading) -> None:
    submission = reading.settle(reading.delivered())
    remote = next(iter(reading.world.app.state.dialogs.values()))
    remote.transmissions[-1].deleted_at = reading.world.at
    Dialog.objects.update(next_attempt_at=reading.world.at)

    reading.pull()

    assert submission.transmissions.filter(deleted_at__isnull=False).count() == 1
    assert len(feedback(submission)) == 2


def test_a_report_without_an_answer_is_named_after_the_usual_time(reading: Reading, administrator: User) -> None:
    reading.delivered()
    line = "Levert innsending har ikke fått svar"

    at_first = line in todo(reading, administrator)
    reading.world.let_pass(25 * 3600)

    assert (at_first, todo(reading, administrator)[line]) == (False, 1)


def test_an_access_that_is_unsettled_for_ten_minutes_is_named(reading: Reading, administrator: User) -> None:
    at = reading.world.at
    Access.objects.update(status="UNKNOWN", status_at=at, next_attempt_at=at + timedelta(hours=1))
    line = "Tilgang er uavklart"

    at_first = line in todo(reading, administrator)
    reading.world.let_pass(601)

    assert (at_first, todo(reading, administrator)[line]) == (False, 1)
