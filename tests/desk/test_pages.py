"""The overview, the nine steps and the error pages, for each role and as the rows say."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.login import BEFORE
from accounts.models import Customer, Portfolio, Role
from portal.core import upstream
from portal.core.environments import Environment
from portal.core.request_id import request_id
from portal.desk import connection, overview
from portal.desk.attention import attention
from portal.desk.news import news
from portal.gateways.http import CallStats
from submissions.models import Dialog, PollCursor, Submission, Transmission
from submissions.period import Period
from systemusers.models import Access, AccessProfile, System
from systemusers.services.keys import retire_key
from tests.desk.conftest import access_of_another
from tests.fixtures import AT, VENDOR_ORGNR, make_user
from tests.submissions.rows import access
from tests.submissions.world import World, make_key
from tests.world import make_client, make_system

__all__ = ["access"]
DRIFT = {"field": "name_en", "ours": "Two", "theirs": "2"}
SANDBOX = Environment.SANDBOX
pytestmark = pytest.mark.django_db


def submission(customer: Customer, status: str, **fields: Any) -> Submission:
    known = {
        "service": "innrapportering-aksjonaerregisteroppgave",
        "period": Period.year(2025),
        "created_by": "user:x",
        "created_at": AT,
        "status_at": AT,
        "delivered_at": AT,
    }
    if status in {"QUEUED", "SENDING", "UNCERTAIN"} and "access" not in fields:
        fields["access"] = access_of_another()
    return Submission.objects.create(environment=SANDBOX, customer=customer, status=status, **known | fields)


def dialog_of(access: Access, **fields: Any) -> Dialog:
    known = {"dialog_id": uuid.uuid4(), "status": "NotApplicable", "title": "Brev"}
    times = {"created_at": AT, "updated_at": AT, "content_updated_at": AT}
    return Dialog.objects.create(
        environment=SANDBOX, **{"customer": access.customer, "access": access} | known | times | fields
    )


@pytest.mark.parametrize("who", ["administrator", "case_worker", "reader"])
@pytest.mark.parametrize("path", ["", "connection/"])
def test_every_role_sees_the_overview_and_the_nine_steps(
    client: Client, vendor: Any, who: str, path: str, request: Any
) -> None:
    client.force_login(request.getfixturevalue(who))

    reply = client.get(f"/sandbox/{path}")

    assert reply.status_code == 200
    assert b"Fjordtall" in reply.content


def test_the_overview_costs_few_queries(
    client: Client, access: Any, administrator: Any, django_assert_max_num_queries: Any
) -> None:
    client.force_login(administrator)
    client.get("/sandbox/")

    with django_assert_max_num_queries(14):
        client.get("/sandbox/")


def test_the_list_of_work_costs_two_queries_and_one_about_the_trail(
    access: Any, administrator: Any, django_assert_num_queries: Any
) -> None:
    assert administrator.given  # read once, for the whole page
    with django_assert_num_queries(3):
        attention(user=administrator, environment=SANDBOX, at=AT)


def test_the_overview_shows_what_changed(client: Client, access: Any, administrator: Any) -> None:
    submission(access.customer, "ACCEPTED")
    client.force_login(administrator)

    page = client.get("/sandbox/").content.decode()

    changes = page.split('id="changes-title"')[1].split("</section>")[0]
    assert changes.count(access.customer.name) == 2
    assert "Godkjent" in changes


def test_the_overview_shows_where_to_begin_until_there_is_an_access(
    client: Client, vendor: Any, administrator: Any, customer: Customer, settings: Any
) -> None:
    client.force_login(administrator)

    without = client.get("/sandbox/").content.decode()
    World(customer, settings.SANDBOX_URL)
    after = client.get("/sandbox/").content.decode()

    assert "0 av 9 steg er bekreftet" in without
    assert "begin-title" not in after


def test_who_has_no_access_yet_is_told_how_to_begin(client: Client, vendor: Any, administrator: Any) -> None:
    result = overview.first_steps(user=administrator, environment=SANDBOX, at=AT)

    assert result is not None
    assert (result.done, result.step.number) == (0, 1)


def test_who_has_an_access_needs_no_beginning(access: Any, administrator: Any) -> None:
    assert overview.first_steps(user=administrator, environment=SANDBOX, at=AT) is None


@pytest.mark.parametrize(("status", "still"), [("DRAFT", 1), ("CANCELLED", 1), ("DELIVERED", 0), ("REJECTED", 1)])
def test_a_rejected_report_waits_until_a_correction_is_delivered(
    customer: Customer, case_worker: Any, status: str, still: int
) -> None:
    rejected = submission(customer, "REJECTED")
    delivered = AT if status in ("DELIVERED", "REJECTED") else None

    submission(customer, status, corrects=rejected, delivered_at=delivered)

    lines = attention(user=case_worker, environment=SANDBOX, at=AT)
    assert [(line.count, line.url) for line in lines if line.is_urgent] == still * [
        (1, "/sandbox/submissions/?state=rejected")
    ]


@pytest.mark.parametrize(("status", "group"), [("FAILED", "failed"), ("UNCERTAIN", "uncertain"), ("READY", "ready"),
                                               ("NEEDS_PERSON", "person"), ("REJECTED", "rejected")])  # fmt: skip
def test_each_line_leads_to_the_rows_it_counts(
    client: Client, customer: Customer, administrator: Any, status: str, group: str
) -> None:
    submission(customer, status)
    submission(customer, "ACCEPTED")
    client.force_login(administrator)

    line = attention(user=administrator, environment=SANDBOX, at=AT)[0]

    assert line.url.endswith(f"state={group}")
    assert [row.submission.status for row in client.get(line.url).context["page"].rows] == [status]


def test_what_stands_in_the_queue_for_a_reason_waits_for_a_person(customer: Customer, case_worker: Any) -> None:
    submission(customer, "QUEUED")
    stopped = submission(customer, "QUEUED", problem_code="NO_KEY")

    lines = attention(user=case_worker, environment=SANDBOX, at=AT)

    assert [line.count for line in lines] == [1]
    assert stopped.pk


def test_a_client_without_a_key_is_urgent_for_all_and_a_key_that_ends_for_who_can_change_it(
    access: Any, administrator: Any, case_worker: Any
) -> None:
    client = access.profile.system.client

    for key in client.keys.all():
        retire_key(key=key, by="user:x", at=AT)
    silent = attention(user=case_worker, environment=SANDBOX, at=AT)
    make_key(client, AT - timedelta(days=355))
    ending = [attention(user=user, environment=SANDBOX, at=AT) for user in (administrator, case_worker)]

    assert [(line.is_urgent, line.url) for line in silent] == [(True, "/sandbox/connection/")]
    assert [[line.title for line in lines] for lines in ending] == [["Maskinporten-nøkkel utløper om 10 dager"], []]


def test_a_case_worker_counts_only_their_own_customers(
    customer: Customer, case_worker: Any, administrator: Any
) -> None:
    others = Portfolio.objects.create(name="De andres")
    stranger = Customer.objects.create(environment=SANDBOX, orgnr="312345670", name="Fremmed AS", portfolio=others)
    submission(stranger, "REJECTED")

    seen = {who: attention(user=who, environment=SANDBOX, at=AT) for who in (case_worker, administrator)}

    assert [len(lines) for lines in seen.values()] == [0, 1]


def test_nothing_is_done_before_a_real_call(administrator: Any) -> None:
    steps = connection.nine_steps(environment=SANDBOX, user=administrator, at=AT)

    assert [step.number for step in steps] == list(range(1, 10))
    assert {step.state for step in steps} == {connection.REMAINING}
    assert all(step.how for step in steps)


def test_the_step_of_the_register_judges_every_system(access: Access, administrator: Any) -> None:
    system = access.profile.system
    second = make_system(make_client(client_id="two"), system_id=f"{VENDOR_ORGNR}_to", name_nb="To")

    def step() -> connection.Step:
        return connection.nine_steps(environment=SANDBOX, user=administrator, at=AT)[1]

    beside_a_draft = step()
    second.move_to("REGISTERED", by="user:x", at=AT, registered_at=AT, drift=[DRIFT])
    beside_a_different_one = step()
    System.objects.filter(pk=second.pk).update(status="DELETED", drift=[])
    beside_a_deleted_one = step()
    System.objects.filter(pk=system.pk).update(status="DELETED")

    assert (beside_a_draft.state, beside_a_deleted_one.state) == (connection.DONE, connection.DONE)
    assert (beside_a_different_one.state, beside_a_different_one.text) == (
        connection.FAULT,
        "To: Altinn har noe annet enn vi har.",
    )
    assert "slettet" in step().text


def test_the_polled_part_of_the_nine_steps_counts_them_too(client: Client, administrator: Any) -> None:
    client.force_login(administrator)
    fragment = client.get("/sandbox/connection/", headers={"HX-Request": "true", "HX-Target": "steps"}).content.decode()
    page = client.get("/sandbox/connection/").content.decode()

    assert fragment.lstrip().startswith('<div id="steps"')
    assert "0 av 9 steg er bekreftet" in fragment
    assert page.count("av 9 steg") == fragment.count("av 9 steg"), "what stands outside the fragment is never refreshed"


@pytest.mark.parametrize("most", [0, 1_000])
def test_the_eighth_step_says_when_somebody_was_polled_last_of_few_and_of_many(
    world: World, administrator: Any, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr("portal.desk.counting.MOST", most)
    PollCursor.objects.create(access=world.access, since=AT, next_attempt_at=AT, polled_at=AT)

    step = connection.nine_steps(environment=SANDBOX, user=administrator, at=AT)[7]

    assert (step.state, step.since) == (connection.DONE, AT)


def test_a_failed_report_shows_its_cause_and_who_can_mend_it(customer: Customer, administrator: Any) -> None:
    Submission.objects.filter(pk=submission(customer, "FAILED", problem_code="GLD_1063").pk).update(delivered_at=None)

    step = connection.nine_steps(environment=SANDBOX, user=administrator, at=AT)[4]

    assert step.state == connection.FAULT
    assert (step.who, step.how) == ("Kunden", "Be kunden godkjenne tilgangen.")


def stats(status: int | None, seconds: float) -> CallStats:
    return CallStats("skatteetaten", "sandbox.test", "POST", "/x", status, seconds, 0, 0)


@pytest.mark.parametrize(
    ("calls", "colour"),
    [([(200, 0.1)] * 5, "success"), ([(200, 3.0)] * 5, "warning"), ([(None, 5.0)] * 4, "danger"), ([(404, 0.1)] * 3, "success"),
     ([], "neutral")],
)  # fmt: skip
def test_a_light_tells_how_a_service_is_by_our_own_calls(calls: list[tuple[int | None, float]], colour: str) -> None:
    for status, seconds in calls:
        upstream.note(stats(status, seconds))

    light = upstream.lights(environment=SANDBOX, at=timezone.now())[-1]

    assert (light.name, light.colour) == ("Skatteetaten", colour)


def test_old_calls_are_forgotten() -> None:
    upstream.note(stats(500, 1.0))

    light = upstream.lights(environment=SANDBOX, at=timezone.now() + timedelta(hours=2))[-1]

    assert light.colour == "neutral"


def test_the_page_for_an_error_of_ours_needs_no_database_and_names_the_request(rf: Any) -> None:
    from portal.desk.views import server_error

    mark = request_id.set("abc12345")
    try:
        reply = server_error(rf.get("/"))
    finally:
        request_id.reset(mark)

    assert reply.status_code == 500
    assert b"abc12345" in reply.content


def test_an_error_of_ours_shows_the_number_that_the_log_has(
    client: Client, administrator: Any, vendor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(**_given: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("portal.desk.views.attention", fails)
    monkeypatch.setattr("portal.desk.views.overview.facts", fails)
    client.force_login(administrator)
    client.raise_request_exception = False

    reply = client.get("/sandbox/", headers={"X-Request-ID": "number-to-quote"})

    assert reply.status_code == 500
    assert "number-to-quote" in reply.content.decode()
    assert reply["X-Request-ID"] == "number-to-quote"


@pytest.mark.parametrize("page", ["login/", "login/factor/", "oidc/", "password/reset/"])
def test_whoever_logged_in_in_another_tab_is_led_on_from_the_log_in_page(
    page: str, administrator: Any, vendor: Any
) -> None:
    tab = Client(enforce_csrf_checks=True)
    tab.force_login(administrator)

    assert tab.post(f"/accounts/{page}", {"login": "a@b.example", "password": "x"}).headers["Location"] == "/"
    assert tab.post("/sandbox/customers/new/", {}).status_code == 403


def test_a_stranger_whose_form_is_too_old_is_told_so(db: None) -> None:
    assert Client(enforce_csrf_checks=True).post("/accounts/login/", {}).status_code == 403


@pytest.mark.parametrize(("path", "status"), [("/nothing/", 404), ("/sandbox/nothing/", 404), ("/production/", 404)])
def test_what_does_not_exist_says_so(client: Client, vendor: Any, administrator: Any, path: str, status: int) -> None:
    client.force_login(administrator)

    assert client.get(path).status_code == status


def facts(user: Any, at: Any) -> list[str]:
    whose = {"user": user, "environment": SANDBOX, "at": at}
    ahead = overview.coming(**whose)
    return overview.facts(**whose, ahead=ahead, counted=overview.counts(**whose, since=None, ahead=ahead))


def test_the_overview_tells_how_many_customers_and_how_long_to_the_deadline(
    customer: Customer, case_worker: Any
) -> None:
    said = facts(case_worker, at=AT.replace(month=12, day=31))

    assert said == ["1 kunde i porteføljen din", "31 dager til fristen for aksjonærregisteroppgaven"]


def test_the_deadline_of_a_monthly_report_is_told_to_those_who_send_it(customer: Customer, case_worker: Any) -> None:
    submission(customer, "DELIVERED", service="innrapportering-amelding", period=Period.month(2026, 11))

    said = facts(case_worker, at=AT.replace(month=12, day=31))

    assert said[1:] == ["31 dager til fristen for aksjonærregisteroppgaven", "5 dager til fristen for a-meldingen"]


def test_no_deadline_is_told_before_it_is_in_sight(customer: Customer, administrator: Any) -> None:
    assert facts(administrator, at=AT.replace(month=4, day=1)) == ["1 kunde"]


def test_changes_are_the_newest_first_and_new_when_they_came_after_the_last_visit(
    customer: Customer, case_worker: Any
) -> None:
    submission(customer, "ACCEPTED", status_at=AT - timedelta(hours=2))
    submission(customer, "REJECTED")
    submission(customer, "QUEUED")

    result = news(user=case_worker, environment=SANDBOX, since=AT - timedelta(hours=1))

    assert [(change.status, change.is_new) for change in result] == [("REJECTED", True), ("ACCEPTED", False)]


def test_a_letter_is_news_and_an_answer_about_our_report_is_not_told_twice(access: Any, case_worker: Any) -> None:
    letter = dialog_of(access, title="Vedtak om tvangsmulkt")
    answered = submission(access.customer, "ACCEPTED", status_at=AT - timedelta(hours=2), dialog_id=uuid.uuid4())
    dialog_of(access, dialog_id=answered.dialog_id)
    theirs = submission(access.customer, "DRAFT")
    Transmission.objects.create(
        dialog=dialog_of(access), transmission_id=uuid.uuid4(), type="Acceptance", created_at=AT, submission=theirs
    )

    result = news(user=case_worker, environment=SANDBOX, since=AT - timedelta(hours=1))

    told = [(item.about, item.status, item.is_new, item.url) for item in result if item.url.startswith("/sandbox/dia")]
    assert told == [("Vedtak om tvangsmulkt", "NotApplicable", True, f"/sandbox/dialogs/{letter.pk}/")]


def test_a_letter_that_is_gone_is_no_news(access: Any, case_worker: Any) -> None:
    dialog_of(access, gone_at=AT, gone_reason="DELETED")

    assert not [item for item in news(user=case_worker, environment=SANDBOX, since=None) if "dialogs" in item.url]


def test_a_letter_to_a_stranger_is_not_told(access: Any, case_worker: Any) -> None:
    stranger = Customer.objects.create(environment=SANDBOX, orgnr="312345670", name="Fremmed AS")
    dialog_of(access, customer=stranger)

    assert not [item for item in news(user=case_worker, environment=SANDBOX, since=None) if "dialogs" in item.url]


def test_the_overview_shows_the_newest_changes(client: Client, customer: Customer, administrator: Any) -> None:
    client.force_login(administrator)
    row = submission(customer, "REJECTED")

    page = client.get("/sandbox/").content.decode()

    assert f'href="/sandbox/submissions/{row.pk}/">{customer.name}</a>' in page


def test_a_change_at_a_strangers_is_not_told(customer: Customer, case_worker: Any) -> None:
    stranger = Customer.objects.create(environment=SANDBOX, orgnr="312345670", name="Fremmed AS")
    submission(stranger, "REJECTED")

    assert news(user=case_worker, environment=SANDBOX, since=None) == []


def test_the_visit_before_this_one_is_what_counts(client: Client, vendor: Any, administrator: Any) -> None:
    administrator.last_login = AT
    administrator.set_password("riktig-hest-batteri")
    administrator.save()

    client.post("/accounts/login/", {"login": administrator.email, "password": "riktig-hest-batteri"})

    assert client.session[BEFORE] == AT.isoformat()


def test_an_act_after_the_log_in_ran_out_leads_back_to_where_it_was_begun(
    client: Client, vendor: Any, administrator: Any
) -> None:
    begun = "http://testserver/sandbox/customers/?q=lys"

    sent = client.post("/sandbox/customers/new/", {"name": "x"}, headers={"referer": begun})
    page = client.get(sent["Location"])

    assert sent["Location"] == "/accounts/login/?next=/sandbox/customers/%3Fq%3Dlys"
    assert "ble ikke gjort" in page.content.decode()


def test_an_act_from_somebody_elses_page_leads_to_the_overview(client: Client) -> None:
    sent = client.post("/sandbox/customers/new/", headers={"referer": "https://evil.example/sandbox/"})

    assert sent["Location"] == "/accounts/login/?next=/sandbox/"


def test_an_address_that_takes_forms_only_says_so(client: Client, vendor: Any, administrator: Any) -> None:
    client.force_login(administrator)

    reply = client.get("/sandbox/systems/1/register/")

    assert (reply.status_code, reply["Allow"]) == (405, "POST")
    assert "ingen side" in reply.content.decode()


@pytest.mark.parametrize(("path", "status"), [("/sandbox/nowhere/", 404), ("/sandbox/settings/", 403)])
def test_an_error_page_keeps_the_menu_for_staff(
    client: Client, vendor: Any, reader: Any, path: str, status: int
) -> None:
    client.force_login(reader)

    reply = client.get(path)

    assert reply.status_code == status
    assert "/sandbox/submissions/" in reply.content.decode()


def test_who_may_not_open_the_settings_is_not_led_there(vendor: Any, administrator: Any, reader: Any) -> None:
    urls = [connection.nine_steps(environment=SANDBOX, user=user, at=AT)[0].url for user in (administrator, reader)]

    assert urls == ["/sandbox/settings/", ""]


def test_the_steps_are_the_same_for_a_case_worker_who_sees_no_customer(access: Access, administrator: Any) -> None:
    stranger = make_user(Role.CASE_WORKER)

    seen = [
        [(step.state, step.text) for step in connection.nine_steps(environment=SANDBOX, user=user, at=AT)[2:]]
        for user in (administrator, stranger)
    ]

    assert not Access.objects.visible_to(stranger).exists()
    assert seen[0] == seen[1]
    assert seen[1][1] == (connection.DONE, "1 kunde har godkjent.")


def test_a_host_that_is_not_ours_is_400_before_anybody_is_known(client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["portal.example"]

    reply = client.get("/sandbox/", headers={"host": "evil.example"})

    assert reply.status_code == 400
    assert "kan ikke leses" in reply.content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"status": "SENDING", "delivered_at": None}, "stoppet under sending"),
        ({"status": "DELIVERED"}, "mangler kvitteringen"),
        ({"status": "ACCEPTED"}, "mangler kvitteringen"),
    ],
)
def test_what_a_worker_failed_at_three_times_is_counted(
    customer: Customer, case_worker: Any, fields: dict[str, Any], words: str
) -> None:
    row = submission(customer, **fields, problem_code="DISK_FULL", failures=2)
    assert attention(user=case_worker, environment=SANDBOX, at=AT) == []

    type(row).objects.update(failures=3)

    (line,) = attention(user=case_worker, environment=SANDBOX, at=AT)
    assert (line.count, words in line.title) == (1, True)


def step_of_events(user: Any) -> connection.Step:
    return connection.nine_steps(environment=SANDBOX, user=user, at=AT)[6]


def test_the_step_of_events_waits_for_nothing_where_altinn_tells_nothing(access: Access, administrator: Any) -> None:
    Access.objects.update(rights=[])

    step = step_of_events(administrator)

    assert step.state == connection.DONE
    assert "tilgangspakker" in step.text


def test_the_step_of_events_waits_for_nothing_when_all_accesses_are_agents(access: Access, administrator: Any) -> None:
    AccessProfile.objects.update(kind="AGENT")

    assert step_of_events(administrator).state == connection.DONE


def test_the_step_of_events_waits_when_one_access_can_have_a_subscription(access: Access, administrator: Any) -> None:
    assert step_of_events(administrator).state == connection.REMAINING
