"""Brev fra Skatteetaten: listed with read and unread, fetched by their whole address, and some for people only."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Portfolio, User
from portal.core.audit import AuditEvent
from portal.core.environments import Environment
from portal.desk.attention import attention
from submissions.models import Attachment, Transmission
from submissions.services.inbox.sources import FORMER_LETTER_SCOPES
from tests.fixtures import make_user
from tests.submissions.opened.rig import Desk

LIST = "/sandbox/letters/"
DUT = "/skatteetaten/api/skatt-dialog-dokumenter"


def todo(desk: Desk, user: User) -> dict[str, int]:
    return {line.title: line.count for line in attention(user=user, environment=Environment.SANDBOX, at=desk.world.at)}


def listed(client: Client, user: User, query: str = "") -> str:
    client.force_login(user)
    return client.get(f"{LIST}{query}").content.decode()


def test_a_letter_is_unread_until_a_case_worker_opens_it(desk: Desk, client: Client, case_worker: User) -> None:
    letter = desk.letter()
    assert todo(desk, case_worker)["Nytt brev fra Skatteetaten"] == 1
    assert "Ulest" in listed(client, case_worker)

    desk.open_letter(client, case_worker, letter)

    page = listed(client, case_worker)
    assert "Vedtak om skatt" in page
    assert case_worker.name in page
    assert "Vedtak om skatt" not in listed(client, case_worker, "?state=unread")
    assert "Nytt brev fra Skatteetaten" not in todo(desk, case_worker)
    assert AuditEvent.objects.get(what="letter-read").by == case_worker.actor


def test_opening_the_document_reads_the_letter(desk: Desk, client: Client, case_worker: User) -> None:
    letter = desk.letter()

    desk.open(client, case_worker, letter.documents.get(), page="document-file")

    letter.refresh_from_db()
    assert letter.read_by == case_worker.actor


def test_the_first_reader_is_kept(desk: Desk, client: Client, case_worker: User, administrator: User) -> None:
    letter = desk.letter()
    for user in (case_worker, administrator):
        desk.open_letter(client, user, letter)

    letter.refresh_from_db()
    assert (letter.read_by, AuditEvent.objects.filter(what="letter-read").count()) == (case_worker.actor, 1)


def test_somebody_who_may_only_read_does_not_make_it_read(desk: Desk, client: Client, reader: User) -> None:
    letter = desk.letter()

    assert desk.open_letter(client, reader, letter).status_code == 200

    letter.refresh_from_db()
    assert letter.read_at is None


def test_a_letter_of_another_portfolio_is_not_there(desk: Desk, client: Client, case_worker: User) -> None:
    letter = desk.letter()
    stranger = make_user("CASE_WORKER", "fremmed@vendor.example", name="Fremmed")
    stranger.portfolios.add(Portfolio.objects.create(name="Øst"))

    assert desk.open_letter(client, stranger, letter).status_code == 404
    assert "Vedtak om skatt" not in listed(client, stranger)
    assert "Nytt brev fra Skatteetaten" not in todo(desk, stranger)
    letter.refresh_from_db()
    assert letter.read_at is None


def test_an_answer_to_a_report_is_no_letter(desk: Desk, client: Client, administrator: User) -> None:
    desk.answered()

    assert list(Transmission.objects.letters()) == []
    assert "Ingen brev ennå" in listed(client, administrator)


def test_a_letter_that_was_old_when_we_began_is_not_new(desk: Desk, client: Client, case_worker: User) -> None:
    desk.letter()
    cursor = desk.reading.cursor
    old = Transmission.objects.get()
    Transmission.objects.all().delete()
    cursor.since = old.created_at + timedelta(seconds=1)
    cursor.save(update_fields=["since"])
    old.dialog.next_attempt_at = desk.world.at
    old.dialog.save(update_fields=["next_attempt_at"])

    desk.reading.pull()

    assert Transmission.objects.get().read_at == old.created_at
    assert "Eldre" in listed(client, case_worker)
    assert "Nytt brev fra Skatteetaten" not in todo(desk, case_worker)


def test_a_letter_for_people_leads_to_where_they_read_it(desk: Desk, client: Client, case_worker: User) -> None:
    letter = desk.letter(api_access=False)

    page = desk.open_letter(client, case_worker, letter).content.decode()

    [paper] = Attachment.objects.filter(transmission=letter)
    assert paper.status == "LINKED"
    assert f'href="{paper.gui_url}"' in page
    assert "Noe av dette kan bare personer lese" in page
    assert "Bare personer kan åpne det, i Altinn" in listed(client, case_worker, "?state=people")


def test_a_letter_that_the_service_refuses_says_why_and_where(desk: Desk, client: Client, case_worker: User) -> None:
    body = '{"kode":"DUT-002","melding":"Ikke autorisert"}'
    desk.reading.fault("skatteetaten", path=DUT, status=403, times=10**6, body=body)
    desk.world.let_pass(2 * 3600)  # after the approval has settled
    letter = desk.letter()

    page = desk.open_letter(client, case_worker, letter).content.decode()

    [paper] = Attachment.objects.filter(transmission=letter)
    assert (paper.status, paper.problem_code) == ("REFUSED", "DUT-002")
    assert "Noen brev kan bare personer åpne i Altinn" in page
    assert f'href="{paper.gui_url}"' in page


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        (500, "DUT-000", "WAITING"),
        (500, "DUT-001", "WAITING"),
        (404, "DUT-003", "WAITING"),
        (400, "DUT-004", "REFUSED"),
    ],
)
def test_what_else_the_service_says_waits_and_comes_later(desk: Desk, status: int, code: str, state: str) -> None:
    body = f'{{"kode":"{code}","melding":"Feil"}}'
    desk.reading.fault("skatteetaten", path=DUT, status=status, times=10**6, body=body)
    letter = desk.letter()
    assert letter.attachments.get().status == state
    desk.world.app.faults.clear()

    desk.world.let_pass(25 * 3600)
    desk.reading.pull()

    assert letter.attachments.get().status == "FETCHED"


def test_the_former_scope_opens_letters_during_the_transition(desk: Desk) -> None:
    desk.world.want_scopes(FORMER_LETTER_SCOPES)
    desk.world.want_scopes = lambda scopes: None  # type: ignore[method-assign]

    letter = desk.letter()

    assert letter.attachments.get().status == "FETCHED"


def test_the_customers_page_has_its_letters(desk: Desk, client: Client, case_worker: User) -> None:
    letter = desk.letter()
    client.force_login(case_worker)

    page = client.get(reverse("customer", kwargs={"environment": "sandbox", "pk": letter.dialog.customer_id}))

    assert reverse("letter", kwargs={"environment": "sandbox", "pk": letter.pk}) in page.content.decode()
    assert "Ulest" in page.content.decode()


def test_a_letter_that_was_taken_back_is_not_to_be_read(desk: Desk, case_worker: User) -> None:
    letter = desk.letter()
    Transmission.objects.filter(pk=letter.pk).update(deleted_at=desk.world.at)

    assert "Nytt brev fra Skatteetaten" not in todo(desk, case_worker)


def test_reading_the_letter_as_a_dialog_reads_it_for_who_may_work_only(
    desk: Desk, client: Client, case_worker: User, reader: User
) -> None:
    letter = desk.letter()
    address = f"/sandbox/dialogs/{letter.dialog_id}/"

    client.force_login(reader)
    client.get(address)
    letter.refresh_from_db()
    unread = letter.read_at
    client.force_login(case_worker)
    client.get(address)
    letter.refresh_from_db()

    assert unread is None
    assert (letter.read_at is not None, letter.read_by) == (True, case_worker.actor)
