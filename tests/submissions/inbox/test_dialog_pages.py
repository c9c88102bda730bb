"""Dialoger: the list and one dialog, from our copies alone."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Customer, Portfolio, User
from portal.sandbox.dialogs import Attachment, AttachmentUrl, add_activity, add_transmission
from submissions.models import Dialog, Submission
from tests.submissions.inbox.reading import Reading

LIST = "/sandbox/dialogs/"


@pytest.fixture(autouse=True)
def logged_in(client: Client, case_worker: User) -> None:
    client.force_login(case_worker)


def page_of(client: Client, row: Dialog) -> str:
    return client.get(reverse("dialog", kwargs={"environment": "sandbox", "pk": row.pk})).content.decode()


def copy_of(reading: Reading, **fields: Any) -> Dialog:
    remote = reading.opens(**fields)
    reading.round()
    return Dialog.objects.get(dialog_id=remote.id)


def test_an_empty_list_says_when_dialogs_come(client: Client, reading: Reading) -> None:
    page = client.get(LIST).content.decode()

    assert "Ingen dialoger ennå" in page


def test_the_list_shows_title_customer_status_and_deadline(client: Client, reading: Reading) -> None:
    copy_of(
        reading, title="Krav om opplysninger", status="RequiresAttention", due_at=reading.world.at + timedelta(days=3)
    )

    page = client.get(LIST).content.decode()

    assert all(
        text in page for text in ("Krav om opplysninger", "Nordlys Eiendom AS", "Krever handling", "26. november")
    )


def test_a_chip_narrows_the_list(client: Client, reading: Reading) -> None:
    reading.opens(title="Svar oss", status="RequiresAttention")
    copy_of(reading, title="Til orientering", status="NotApplicable")

    page = client.get(LIST, {"state": "attention"}).content.decode()

    assert "Svar oss" in page
    assert "Til orientering</a>" not in page


@pytest.mark.parametrize("text", ["Nordlys", "310 987 654", "sak-2026/17", None])
def test_a_search_finds_by_customer_reference_and_dialog_id(client: Client, reading: Reading, text: str | None) -> None:
    row = copy_of(reading, title="Krav om opplysninger")
    Dialog.objects.update(external_reference="sak-2026/17")

    assert "Krav om opplysninger" in client.get(LIST, {"q": text or str(row.dialog_id)}).content.decode()
    assert "Ingen treff" in client.get(LIST, {"q": "noe ganske annet"}).content.decode()
    assert "Ingen treff" in client.get(LIST, {"q": str(uuid.uuid4())}).content.decode()


def test_near_deadlines_come_with_the_nearest_first(client: Client, reading: Reading) -> None:
    for days in (9, 2, 40, 5):
        reading.opens(title=f"Om {days} dager", due_at=timezone.now() + timedelta(days=days, hours=1))
    reading.poll()

    result = client.get(LIST, {"state": "due"}).context["page"]

    assert [row.dialog.title for row in result] == ["Om 2 dager", "Om 5 dager", "Om 9 dager"]


def test_the_list_goes_on_where_a_page_ends(client: Client, reading: Reading) -> None:
    for number in range(60):
        reading.opens(title=f"Dialog nummer {number}.")
    reading.poll()

    first = client.get(LIST)
    second = client.get(f"{LIST}?{first.context['page'].next_query}")

    assert (len(first.context["page"]), len(second.context["page"])) == (50, 10)
    assert not {row.dialog.pk for row in first.context["page"]} & {row.dialog.pk for row in second.context["page"]}


def test_the_list_costs_as_many_queries_with_many_rows_as_with_one(
    client: Client, reading: Reading, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        reading.opens(title=f"Dialog {number}")
    reading.poll()

    with django_assert_max_num_queries(15):
        client.get(LIST)


def test_a_dialog_shows_transmissions_activities_and_the_note_that_nothing_is_marked(
    client: Client, reading: Reading
) -> None:
    remote = reading.opens(title="Kontroll")
    add_transmission(reading.world.app, remote, type="Request", title="Send oss bilag", now=reading.world.at)
    add_activity(reading.world.app, remote, type="Information", description="Saken er åpnet", now=reading.world.at)
    reading.round()

    page = page_of(client, Dialog.objects.get())

    assert all(text in page for text in ("Send oss bilag", "Forespørsel", "Saken er åpnet"))
    assert "merker ikke dialogen som sett hos kunden" in page


def test_a_dialog_leads_to_the_submission_and_to_its_documents(client: Client, reading: Reading) -> None:
    submission = reading.settle(reading.delivered())

    page = page_of(client, Dialog.objects.get())

    assert reverse("submission", kwargs={"environment": "sandbox", "pk": submission.pk}) in page
    for document in submission.documents.filter(role="FEEDBACK"):
        assert reverse("document", kwargs={"environment": "sandbox", "pk": document.pk}) in page


def test_what_is_locked_for_us_is_said_to_be(client: Client, reading: Reading) -> None:
    remote = reading.opens(title="Låst")
    address = AttachmentUrl(url="https://elsewhere.example/x")
    paper = Attachment(id="0198c1f2-7c1e-7b52-9a55-000000000002", name="Vedtak.pdf", urls=[address])
    add_transmission(
        reading.world.app, remote, type="Decision", title="Vedtak", now=reading.world.at, attachments=[paper],
        authorization_attribute="urn:altinn:subresource:locked-feedback",
    )  # fmt: skip
    reading.round()

    page = page_of(client, Dialog.objects.get())

    assert "Krever mer enn tilgangen dere har" in page
    assert "elsewhere.example" not in page


def test_a_deadline_that_has_passed_is_said_to_be(client: Client, reading: Reading) -> None:
    row = copy_of(reading, status="RequiresAttention", due_at=reading.world.at - timedelta(days=1))

    assert "Fristen er ute" in page_of(client, row)


def test_another_portfolios_dialogs_are_nobodys_business(client: Client, reading: Reading) -> None:
    row = copy_of(reading)
    Customer.objects.update(portfolio=Portfolio.objects.create(name="Øst"))

    reply = client.get(reverse("dialog", kwargs={"environment": "sandbox", "pk": row.pk}))

    assert reply.status_code == 404
    assert row.title not in client.get(LIST).content.decode()


def test_words_of_strangers_are_escaped(client: Client, reading: Reading) -> None:
    row = copy_of(reading, title="<script>alert(1)</script>")

    assert "<script>alert" not in page_of(client, row)


def test_reading_the_pages_asks_altinn_nothing(client: Client, reading: Reading) -> None:
    row = copy_of(reading)
    before = reading.calls()

    client.get(LIST)
    page_of(client, row)

    assert reading.calls() == before


@pytest.mark.parametrize(("wrong_sum", "word"), [(True, "Avvist"), (False, "Godkjent")])
def test_the_list_tells_the_verdict_and_leads_to_what_must_be_mended(
    client: Client, reading: Reading, wrong_sum: bool, word: str
) -> None:
    submission = reading.settle(reading.delivered(wrong_sum=wrong_sum))

    page = client.get(LIST).content.decode()

    assert f">{word}</span>" in page
    assert f"/sandbox/submissions/{submission.pk}/" in page
    assert "Skatteetaten" in page
    assert ("Rett innsendingen" in page) == wrong_sum


def test_an_approval_after_a_rejection_is_not_shown_as_what_must_be_mended(client: Client, reading: Reading) -> None:
    """The two are in one dialog. A new report corrects the rejected one; where it does not, the step names the earlier one."""
    rejected = reading.settle(reading.delivered(wrong_sum=True))
    reading.settle(reading.delivered())
    corrected = client.get(LIST).content.decode()
    Submission.objects.update(corrects=None)

    beside = client.get(LIST).content.decode()

    assert ">Godkjent</span>" in corrected
    assert "Rett " not in corrected
    assert ">Godkjent</span>" in beside
    assert "Rett innsendingen" not in beside
    assert "Rett en tidligere innsending, som ikke ble godkjent" in beside
    assert f"/sandbox/submissions/{rejected.pk}/" in beside


def test_what_must_be_answered_by_a_day_comes_before_what_is_newer(client: Client, reading: Reading) -> None:
    at = reading.world.at
    reading.opens(title="Sent svar", status="RequiresAttention", due_at=at + timedelta(days=9))
    reading.opens(title="Snart svar", status="RequiresAttention", due_at=at + timedelta(days=2))
    copy_of(reading, title="Nyest")
    Dialog.objects.filter(title="Nyest").update(content_updated_at=at + timedelta(days=1))

    shown = [row.dialog.title for row in client.get(LIST).context["page"]]
    sorted_by_hand = [row.dialog.title for row in client.get(LIST, {"sort": "changed"}).context["page"]]

    assert shown == ["Snart svar", "Sent svar", "Nyest"]
    assert sorted_by_hand[0] == "Nyest"
