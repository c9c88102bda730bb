"""The pages of Innsendinger, as a person without JavaScript uses them, and as htmx asks for their parts."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Customer, User
from portal.core import enqueue
from portal.core.heartbeat import Heartbeat
from submissions import tasks
from submissions.adapters.rf1086 import NamedFile
from submissions.adapters.rf1086.samples import example
from submissions.models import Submission
from submissions.period import Period
from submissions.services.drafting import drafts
from systemusers.models import Access
from tests.fixtures import AT, CUSTOMER_ORGNR
from tests.submissions.rows import SERVICE, make_draft, press_send
from tests.submissions.world import World, store_package

S = Submission.Status


@pytest.fixture(autouse=True)
def logged_in(client: Client, case_worker: User) -> None:
    client.force_login(case_worker)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the worker was rung with."""
    calls: list[dict[str, Any]] = []
    monkeypatch.setattr(tasks.send_submissions, "apply_async", lambda **options: calls.append(options["kwargs"]))
    return calls


def url(name: str, submission: Submission | None = None, **values: Any) -> str:
    pk = {"pk": submission.pk} if submission else {}
    return reverse(name, kwargs={"environment": "sandbox", **pk, **values})


def uploads(files: list[NamedFile] | None = None) -> list[SimpleUploadedFile]:
    chosen = files if files is not None else example(CUSTOMER_ORGNR, "Nordlys Eiendom AS", 2025)
    return [SimpleUploadedFile(file.name, file.content) for file in chosen]


def create(client: Client, access: Access, **data: Any) -> Any:
    form = {"offer": f"{access.pk}:{SERVICE}", "period": "2025", "uploads": uploads(), **data}
    return client.post(f"{url('submission-new')}?customer={access.customer_id}", form)


def test_only_customers_with_a_usable_access_are_offered(client: Client, access: Access) -> None:
    Customer.objects.create(
        environment="SANDBOX", orgnr="310629499", name="Uten tilgang AS", portfolio=access.customer.portfolio
    )

    page = client.get(url("submission-new"))

    assert [customer.pk for customer in page.context["page"]] == [access.customer_id]


def test_a_customer_without_access_is_found_and_the_way_on_is_shown(client: Client, customer: Customer) -> None:
    page = client.get(url("submission-new"), {"q": "Nordlys"})

    assert page.context["list"].others is True
    assert "Kunden har ikke gitt systemtilgang ennå" in page.text


def test_a_report_is_made_from_form_to_ready_draft(client: Client, access: Access) -> None:
    response = create(client, access)

    submission = Submission.objects.get()
    assert response["Location"] == url("submission", submission)
    assert (submission.status, str(submission.period), submission.documents.count()) == (S.READY, "2025", 3)


def test_bad_files_are_told_until_hidden_and_good_ones_kept_on_the_drafts_page(client: Client, access: Access) -> None:
    response = create(client, access, uploads=[*uploads(), SimpleUploadedFile("tom.xml", b"")])

    shown = client.get(response["Location"])
    client.post(url("submission-refused-hide", Submission.objects.get()))
    again = client.get(response["Location"])
    assert [entry.filename for entry in shown.context["refused"]] == ["tom.xml"]
    assert "Filen er tom" in shown.text
    assert len(shown.context["page"]) == 3
    assert not again.context["refused"]


def test_a_bad_file_that_comes_right_is_no_longer_told(client: Client, access: Access) -> None:
    main, part, other = uploads()
    create(client, access, uploads=[main, part, SimpleUploadedFile(other.name, b"")])
    draft = Submission.objects.get()

    client.post(url("submission-files", draft), {"uploads": [uploads()[2]]})

    page = client.get(url("submission", draft))
    assert not page.context["refused"]
    assert page.context["submission"].status == S.READY


def test_the_control_speaks_the_readers_language(client: Client, access: Access) -> None:
    place = create(client, access, uploads=[], examples="wrong_sum")["Location"]

    texts = [
        [finding.text for finding in client.get(place, headers={"Accept-Language": code}).context["findings"]]
        for code in ("nb", "en", "nn")
    ]

    assert len({tuple(result) for result in texts}) == 3
    assert {len(result) for result in texts} == {len(texts[0])}


def test_files_of_which_none_can_be_used_make_no_draft(client: Client, access: Access) -> None:
    response = create(client, access, period="2019", uploads=[SimpleUploadedFile("tom.xml", b"")])

    assert response.status_code == 422
    assert "tom.xml" in response.content.decode()
    assert response.context["form"]["period"].value() == "2019"
    assert not Submission.objects.exists()


def test_a_draft_that_is_sent_while_files_are_added_to_it_is_shown_as_it_is(
    client: Client, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(client, access)
    draft, take = Submission.objects.get(), drafts._take

    def meanwhile(upload: Any) -> Any:
        Submission.objects.filter(pk=draft.pk).update(status=S.CANCELLED)
        return take(upload)

    monkeypatch.setattr(drafts, "_take", meanwhile)
    more = uploads(example(CUSTOMER_ORGNR, "Nordlys", 2025, wrong_sum=True))
    reply = client.post(url("submission-files", draft), {"uploads": more})

    assert reply.headers["Location"] == url("submission", draft)
    assert "har gått videre i mellomtiden" in client.get(reply.headers["Location"]).text


def test_the_same_report_begun_again_is_the_open_draft(client: Client, access: Access) -> None:
    first = create(client, access)["Location"]

    assert create(client, access)["Location"] == first
    assert create(client, access, period="2024", uploads=[])["Location"] != first


@pytest.mark.parametrize(("button", "wrong"), [("right", False), ("wrong_sum", True)])
def test_in_the_sandbox_examples_are_one_button_away(client: Client, access: Access, button: str, wrong: bool) -> None:
    create(client, access, uploads=[], examples=button)

    submission = Submission.objects.get()
    assert (submission.status, submission.documents.count()) == (S.READY, 4)
    assert any(finding["level"] == "WARNING" for finding in submission.findings) == wrong


def test_a_form_without_a_choice_keeps_what_was_chosen(client: Client, access: Access) -> None:
    response = create(client, access, offer="", period="2019")

    assert response.status_code == 422
    assert response.context["form"]["period"].value() == "2019"
    assert not Submission.objects.exists()


def test_a_service_that_cannot_be_used_is_not_a_choice(client: Client, access: Access) -> None:
    response = create(client, access, offer=f"{access.pk}:innrapportering-boligsameie")

    assert response.status_code == 422
    assert not Submission.objects.exists()


def test_sending_stores_rings_and_shows_the_report_on_its_way(
    client: Client, access: Access, rung: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    create(client, access)
    submission = Submission.objects.get()

    with django_capture_on_commit_callbacks(execute=True):
        page = press_send(client, submission, follow=True)

    assert rung == [{}], "the message names no row"
    assert page.context["submission"].status == S.QUEUED
    assert 'hx-trigger="load delay:3s"' in page.content.decode()


def test_with_the_broker_down_it_is_stored_and_the_page_says_so(
    client: Client, access: Access, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def away(**_: Any) -> None:
        raise enqueue.OperationalError("connection refused")

    monkeypatch.setattr(tasks.send_submissions, "apply_async", away)
    Heartbeat.objects.all().delete()
    create(client, access)
    submission = Submission.objects.get()

    with django_capture_on_commit_callbacks(execute=True):
        page = press_send(client, submission, follow=True)

    submission.refresh_from_db()
    assert submission.status == S.QUEUED
    assert "Den sendes når portalen arbeider igjen" in page.content.decode()


def test_warnings_are_sent_past_only_with_a_tick(client: Client, access: Access, rung: list[Any]) -> None:
    create(client, access, uploads=uploads(example(CUSTOMER_ORGNR, "Nordlys", 2025, wrong_sum=True)))
    submission = Submission.objects.get()

    refused = press_send(client, submission)
    sent = press_send(client, submission, confirm="warnings")

    assert (refused.status_code, refused.context["unanswered"]) == (422, {"warnings"})
    assert sent.status_code == 302


def test_what_went_on_meanwhile_is_said_and_shown(client: Client, access: Access) -> None:
    submission = make_draft(access, status=S.DELIVERED, delivered_at=AT)

    page = client.post(url("submission-cancel", submission), follow=True)

    assert "gått videre" in page.content.decode()
    assert page.context["submission"].status == S.DELIVERED


def test_the_page_stops_asking_when_nothing_moves(client: Client, access: Access) -> None:
    submission = make_draft(access, status=S.ACCEPTED, delivered_at=AT)

    assert "hx-trigger" not in client.get(url("submission", submission)).content.decode()


def without_csrf(html: str) -> str:
    """The token is masked anew for each answer."""
    return re.sub(r'(name="csrfmiddlewaretoken" value=)"[^"]*"', r"\1", html)


def test_what_htmx_swaps_in_is_what_a_fresh_page_shows(client: Client, world: World, administrator: User) -> None:
    client.force_login(administrator)
    submission = world.send(world.queued())

    page = client.get(url("submission", submission)).content.decode()
    part = client.get(url("submission", submission), HTTP_HX_REQUEST="true", HTTP_HX_TARGET="status").content.decode()

    assert without_csrf(part).strip() in without_csrf(page)


def test_a_rejection_shows_its_reasons_and_leads_to_a_correction(client: Client, world: World) -> None:
    submission = world.send(world.queued())
    reasons = [
        {"code": "A", "text": "Antall aksjer stemmer ikke", "description": "Det er 10 for mange.", "guidance": ""}
    ]
    submission.move_to(S.REJECTED, by="remote:dialogporten", at=world.at, decided_at=world.at, reasons=reasons)

    page = client.get(url("submission", submission)).content.decode()
    assert "Antall aksjer stemmer ikke" in page
    assert "Det er 10 for mange." in page

    client.post(url("submission-correct", submission))
    assert submission.corrections.get().documents.count() == 2


@pytest.mark.parametrize(("utc", "is_late"), [("2026-01-31T22:59:00Z", False), ("2026-01-31T23:01:00Z", True)])
def test_a_deadline_ends_at_midnight_in_norway(client: Client, access: Access, utc: str, is_late: bool) -> None:
    row = make_draft(access, status="ACCEPTED", delivered_at=datetime.fromisoformat(utc), period=Period.year(2025))

    assert ("Levert etter fristen" in client.get(url("submission", row)).text) is is_late


def test_the_list_has_one_next_action_on_each_row(client: Client, access: Access) -> None:
    make_draft(access)
    make_draft(access, status=S.DELIVERED, delivered_at=AT)

    page = client.get(url("submissions"))

    assert [row.step.text for row in page.context["page"]] == ["Venter på svar", "Legg til filer"]


def test_the_list_costs_the_same_however_many_rows(
    client: Client, access: Access, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        make_draft(access)

    with django_assert_max_num_queries(12):
        client.get(url("submissions"))


def test_a_sent_report_costs_few_queries_however_many_files(
    client: Client, world: World, django_assert_max_num_queries: Any
) -> None:
    submission = world.send(world.queued(parts=8))

    with django_assert_max_num_queries(22):
        client.get(url("submission", submission))


def test_a_colleagues_open_draft_is_shown_and_the_choice_is_asked_for(client: Client, access: Access) -> None:
    create(client, access)
    theirs = Submission.objects.get()
    Submission.objects.update(created_by="user:per@vendor.example")
    more = uploads(example(CUSTOMER_ORGNR, "Nordlys", 2025, wrong_sum=True))

    asked = create(client, access, uploads=more)
    count = Submission.objects.count()
    again = uploads(example(CUSTOMER_ORGNR, "Nordlys", 2025, wrong_sum=True))
    made = create(client, access, uploads=again, beside="on")

    page = asked.content.decode()
    assert (asked.status_code, count) == (409, 1)
    assert "Det finnes en kladd for samme tjeneste og periode" in page
    assert "per@vendor.example" in page
    assert url("submission", theirs) in page
    assert 'name="beside"' in page
    assert made.headers["Location"] == url("submission", Submission.objects.exclude(pk=theirs.pk).get())


def test_what_changed_after_the_page_was_read_is_asked_about_again(client: Client, access: Access) -> None:
    create(client, access)
    submission = Submission.objects.get()

    page = client.post(url("submission-send", submission), {"shown": "an older page"}, follow=True)

    submission.refresh_from_db()
    assert "Noe er endret siden du leste siden" in page.text
    assert submission.status == S.READY


def test_open_drafts_of_the_customer_are_named_before_a_new_one_is_begun(client: Client, access: Access) -> None:
    theirs = make_draft(access, status=S.READY, created_by="user:per@vendor.example")
    sent = make_draft(access, status=S.DELIVERED, delivered_at=AT)
    page = client.get(f"{url('submission-new')}?customer={access.customer_id}").text

    assert "Åpne kladder for kunden" in page
    assert "per@vendor.example" in page
    assert url("submission", theirs) in page
    assert url("submission", sent) not in page


def test_a_customer_without_drafts_has_no_list_of_them(client: Client, access: Access) -> None:
    page = client.get(f"{url('submission-new')}?customer={access.customer_id}").text

    assert "Åpne kladder for kunden" not in page


def test_a_draft_without_files_says_why_it_is_empty(client: Client, access: Access) -> None:
    made = create(client, access, uploads=[])

    assert "Kladden er tom, for ingen filer var valgt" in client.get(made.headers["Location"]).text


def test_a_delivered_report_can_be_corrected_before_it_is_answered(client: Client, access: Access) -> None:
    create(client, access)
    delivered = Submission.objects.get()
    Submission.objects.update(status=S.DELIVERED, delivered_at=AT)
    offered = client.get(url("submission", delivered)).text

    client.post(url("submission-correct", delivered))

    draft = delivered.corrections.get()
    assert url("submission-correct", delivered) in offered
    assert "De samme filene er sendt før" in client.get(url("submission", draft)).text
    assert url("submission", draft) in client.get(url("submission", delivered)).text


@pytest.mark.parametrize("is_deleted", [False, True])
def test_warnings_of_the_control_head_its_card_whatever_the_business_register_says(
    client: Client, access: Access, is_deleted: bool
) -> None:
    register = {"orgnr": CUSTOMER_ORGNR, "name": "Nordlys", "form": "AS", "main_unit": "", "is_deleted": is_deleted}
    Customer.objects.filter(pk=access.customer_id).update(business_register=register, business_register_at=AT)

    create(client, access, uploads=uploads(example(CUSTOMER_ORGNR, "Nordlys", 2025, wrong_sum=True)))
    page = client.get(url("submission", Submission.objects.get())).content.decode()

    assert "Ingen feil, men 2 advarsler" in page
    assert "Ingen feil i filene" not in page
    assert (
        "Virksomheten er slettet i Enhetsregisteret. Kunngjøringene på brreg.no sier om den er slått sammen med en annen."
        in page
    ) == is_deleted


def test_the_files_of_a_draft_have_pages(client: Client, access: Access) -> None:
    draft = make_draft(access)
    store_package(draft, parts=60)

    reply = client.get(url("submission", draft))
    links = re.findall(r'href="\?([^"]*after=[^"]*)"', reply.text)

    assert len(links) == 1
    assert client.get(f"{url('submission', draft)}?{links[0]}").text.count("/remove/") == 11
    assert 'name="turn"' not in reply.text
