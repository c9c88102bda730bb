"""What the overview asks of each role, whom its lines are about, what changed since the last visit, and since when a light is red."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Customer, Role, User
from accounts.services.presence import NOTED_EVERY, PAUSE, note_page
from portal.core import upstream
from portal.core.environments import Environment
from portal.desk import overview
from portal.desk.attention import attention
from portal.desk.todo import split
from portal.gateways.http import CallStats
from submissions.models import Dialog, Submission, Transmission
from submissions.period import Period
from systemusers.models import Access
from tests.desk.conftest import access_of_another
from tests.fixtures import AT, make_user

SANDBOX = Environment.SANDBOX
pytestmark = pytest.mark.django_db


def report(customer: Customer, status: str, **fields: Any) -> Submission:
    known = {"service": "innrapportering-boligsameie", "period": Period.year(2025), "status_at": AT, "delivered_at": AT}
    if status in {"QUEUED", "SENDING", "UNCERTAIN"} and "access" not in fields:
        fields["access"] = access_of_another()
    return Submission.objects.create(
        environment=SANDBOX, customer=customer, status=status, created_by="user:x", created_at=AT, **known | fields
    )


def tasks(user: User) -> Any:
    return split(attention(user=user, environment=SANDBOX, at=AT), user.within(SANDBOX))


@pytest.mark.parametrize(
    ("role", "is_own"),
    [(Role.ADMINISTRATOR, True), (Role.CASE_WORKER, True), (Role.DEVELOPER, False), (Role.READER, False)],
)
def test_only_who_can_send_is_asked_to_send(customer: Customer, role: str, is_own: bool) -> None:
    user = make_user(role)
    if customer.portfolio:
        user.portfolios.add(customer.portfolio)
    report(customer, "READY")

    shown = tasks(user)

    assert [line.action for line in shown.own] == (["Send"] if is_own else [])
    assert [line.action for line in shown.others] == ([] if is_own else ["Vis"])


def test_keys_are_the_work_of_developers_and_information_for_case_workers(access: Access) -> None:
    developer, reader = make_user(Role.DEVELOPER), make_user(Role.READER)
    access.profile.system.client.keys.update(status="RETIRED", private_pem=None)

    assert [line.action for line in tasks(developer).own] == ["Se nøklene"]
    assert [(line.action, line.is_urgent) for line in tasks(reader).others] == [("Vis", False)]


def test_a_page_says_apart_what_waits_for_one_and_what_is_to_be_known(
    client: Client, vendor: Any, customer: Customer, reader: User
) -> None:
    report(customer, "READY")
    client.force_login(reader)

    page = client.get("/sandbox/").content.decode()

    own, _title, others = page.partition('id="others-title"')
    assert "Ingenting venter" in own
    assert "klar til å sendes" in others


def test_a_line_about_one_row_names_and_links_its_customer(
    client: Client, vendor: Any, customer: Customer, case_worker: User
) -> None:
    report(customer, "READY")
    client.force_login(case_worker)
    with_one = client.get("/sandbox/").content.decode()
    report(customer, "READY")
    with_two = client.get("/sandbox/").content.decode()

    def todo(page: str) -> str:
        return page.split('id="todo-title"')[1].split("</section>", maxsplit=1)[0]

    link = f'<a class="ds-link" href="/sandbox/customers/{customer.pk}/">{customer.name}</a>'
    assert link in todo(with_one)
    assert customer.name not in todo(with_two)


def test_the_customer_of_a_line_is_found_through_rows_that_have_none_of_their_own(
    access: Access, administrator: User
) -> None:
    letter(access)

    lines = {line.key: line.customer for line in attention(user=administrator, environment=SANDBOX, at=AT)}

    assert lines["letters"] == access.customer


def test_an_access_that_must_be_changed_waits_for_the_question(
    client: Client, vendor: Any, access: Access, administrator: User
) -> None:
    Access.objects.filter(pk=access.pk).update(status="NEEDS_UPDATE")
    client.force_login(administrator)

    (line,) = tasks(administrator).own

    assert line.title == "Tilgang må oppdateres"
    assert [row.access.pk for row in client.get(line.url).context["page"].rows] == [access.pk]


def test_many_lines_are_folded(client: Client, vendor: Any, customer: Customer, case_worker: User) -> None:
    for status in ("REJECTED", "FAILED", "UNCERTAIN", "NEEDS_PERSON", "READY"):
        report(customer, status)
    for status in ("QUEUED", "SENDING"):
        report(customer, status, problem_code="DISK_FULL", failures=3, delivered_at=None)
    client.force_login(case_worker)

    page = client.get("/sandbox/").content.decode()

    shown, _summary, folded = page.partition("Vis alle 7")
    assert shown.count('class="todo__count"') == 6
    assert folded.split("</details>")[0].count('class="todo__count"') == 1


def letter(access: Access) -> Transmission:
    dialog = Dialog.objects.create(
        environment=SANDBOX, customer=access.customer, access=access, dialog_id=uuid.uuid4(), org="ske",
        status="NotApplicable", title="Brev", created_at=AT, updated_at=AT, content_updated_at=AT,
    )  # fmt: skip
    return Transmission.objects.create(
        dialog=dialog, transmission_id=uuid.uuid4(), type="Information", title="Brev", created_at=AT, stored_at=AT
    )


def test_what_changed_since_the_last_visit_is_counted_and_leads_to_exactly_those_rows(
    client: Client, vendor: Any, access: Access, administrator: User
) -> None:
    since, before = AT - timedelta(hours=1), AT - timedelta(hours=2)
    rejected = [report(access.customer, "REJECTED") for _ in range(2)]
    report(access.customer, "REJECTED", status_at=before)
    accepted = report(access.customer, "ACCEPTED")
    Access.objects.filter(pk=access.pk).update(status="IN_USE", answered_at=AT)
    new = letter(access)
    User.objects.update(previous_seen_at=since, seen_at=timezone.now())
    client.force_login(administrator)

    lines = client.get("/sandbox/").context["since_last"]

    listed = {
        line.title: (line.count, {_key(row) for row in client.get(line.url).context["page"].rows}) for line in lines
    }
    assert listed == {
        "innsendinger avvist av Skatteetaten": (2, {row.pk for row in rejected}),
        "innsending godkjent av Skatteetaten": (1, {accepted.pk}),
        "tilgang godkjent av kunden": (1, {access.pk}),
        "nytt brev fra Skatteetaten": (1, {new.pk}),
    }


def _key(row: Any) -> int:
    shown = next(getattr(row, name) for name in ("submission", "access", "letter") if hasattr(row, name))
    return int(shown.pk)


def test_the_filter_of_a_change_is_shown_and_kept_by_a_search(
    client: Client, vendor: Any, customer: Customer, administrator: User
) -> None:
    report(customer, "REJECTED")
    client.force_login(administrator)

    page = client.get("/sandbox/submissions/?changed=rejected.1764000000000000").content.decode()

    assert '<option value="rejected.1764000000000000" selected>Avvist etter 24.11.2025' in page


@pytest.mark.parametrize("value", ["rejected", "rejected.x", "rejected.99999999999999999999", "other.1", "rejected.²"])
def test_an_address_that_names_no_change_shows_all(
    client: Client, vendor: Any, customer: Customer, administrator: User, value: str
) -> None:
    report(customer, "REJECTED")
    client.force_login(administrator)

    assert len(client.get("/sandbox/submissions/", {"changed": value}).context["page"].rows) == 1


def test_a_visit_ends_when_no_page_was_opened_for_a_while(administrator: User) -> None:
    ends = []
    for at in (
        AT,
        AT + timedelta(minutes=20),
        AT + timedelta(minutes=40),
        AT + timedelta(hours=3),
        AT + timedelta(hours=3, minutes=5),
    ):
        note_page(user=administrator, at=at)
        ends.append(User.objects.get().previous_seen_at)

    assert ends == [None, None, None, *[AT + timedelta(minutes=40)] * 2]


def test_a_page_costs_a_write_only_now_and_then(administrator: User, django_assert_num_queries: Any) -> None:
    note_page(user=administrator, at=AT)

    with django_assert_num_queries(0):
        note_page(user=administrator, at=AT + NOTED_EVERY / 2)


def test_what_a_page_fetches_by_itself_is_no_visit(client: Client, vendor: Any, administrator: User) -> None:
    long_ago = timezone.now() - 2 * PAUSE
    User.objects.update(seen_at=long_ago)
    client.force_login(administrator)

    client.get("/sandbox/", headers={"HX-Request": "true", "HX-Target": "lights"})
    polled = User.objects.get()
    client.get("/sandbox/")
    opened = User.objects.get()

    assert (polled.seen_at, polled.previous_seen_at) == (long_ago, None)
    assert opened.previous_seen_at == long_ago


@pytest.mark.parametrize(("hour", "words"), [(0, "Hei"), (4, "Hei"), (6, "God morgen"), (12, "Hei"), (19, "God kveld")])
def test_nobody_is_wished_a_good_morning_at_night(hour: int, words: str) -> None:
    assert overview.greeting(at=timezone.localtime(AT).replace(hour=hour, minute=40)) == words


def call(status: int | None) -> None:
    upstream.note(CallStats("skatteetaten", "sandbox.test", "POST", "/x", status, 0.1, 0, 0))


def light(minutes: float = 0) -> tuple[str, str]:
    shown = upstream.lights(environment=SANDBOX, at=timezone.now() + timedelta(minutes=minutes))[-1]
    return shown.colour, shown.text


def test_a_red_light_says_when_and_is_grey_some_minutes_later() -> None:
    clock = f"{timezone.localtime():%H.%M}"
    for _ in range(3):
        call(None)

    assert light() == ("danger", f"svarte ikke kl. {clock}: ingen forbindelse")
    assert light(minutes=11)[0] == "neutral"


def test_a_service_that_answers_again_says_when_it_did_not() -> None:
    clock = f"{timezone.localtime():%H.%M}"
    for status in (500, 200, 200, 200):
        call(status)

    assert light() == ("warning", f"svarer, men ikke kl. {clock}: feil 500 hos tjenesten")


def test_a_light_says_that_we_called_too_often() -> None:
    for status in (429, 200, 200, 200):
        call(status)

    assert light()[1].endswith(": for mange kall fra oss")
