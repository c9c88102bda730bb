"""Mails to staff: what each has chosen is told once, to those who see it, whatever happens to workers and clocks."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Customer, NoticeMail, NoticeTold, NotificationPlan, Portfolio, Role, User
from accounts.services.notifications import send_again, wanting_key_warnings
from accounts.services.staff import save_user
from portal.core.audit import AuditEvent
from portal.core.environments import Environment
from portal.core.outbox.message import OutboxMessage
from portal.desk.attention import attention
from portal.desk.notifications import choosing, results, work
from submissions.models import Dialog, Submission, Transmission
from submissions.period import Period
from systemusers.models import Access, Campaign
from tests.core.outbox.rig import Killed, in_threads
from tests.fixtures import AT, CUSTOMER_ORGNR, make_user

SANDBOX = Environment.SANDBOX
pytestmark = pytest.mark.django_db
FEW = timedelta(seconds=20)


def wants(user: User, *at_once: str, digest: str = "NEVER", at: datetime = AT - timedelta(hours=2)) -> NotificationPlan:
    plan = choosing.plan_of(user)
    plan.at_once, plan.digest = list(at_once), digest
    choosing.choose(plan=plan, seen=None, by=user.actor, at=at)
    return NotificationPlan.objects.get(user=user)


def report(customer: Customer, status: str = "REJECTED", at: datetime = AT) -> Submission:
    fields: dict[str, Any] = {"service": "innrapportering-boligsameie", "period": Period.year(2025), "delivered_at": AT}
    return Submission.objects.create(
        environment=customer.environment, customer=customer, status=status, created_by="user:x", created_at=AT,
        status_at=at, **fields,
    )  # fmt: skip


def work_until(at: datetime, *, begin: datetime = AT) -> datetime:
    """Rounds at the pace of the beat."""
    now = begin
    while now <= at:
        work.tell_due(at=now)
        now += FEW
    return now


def mails() -> list[dict[str, Any]]:
    return [row.payload for row in OutboxMessage.objects.order_by("pk")]


def subjects() -> list[str]:
    return [mail["subject"] for mail in mails()]


def links(mail: dict[str, Any]) -> list[str]:
    return [
        url.partition("://")[2].partition("/")[2] for url in re.findall(r"^  (http\S+)", mail["text"], re.MULTILINE)
    ]


def letter(access: Access, *, due_at: datetime | None = None, stored_at: datetime = AT) -> Transmission:
    dialog = Dialog.objects.create(
        environment=SANDBOX, customer=access.customer, access=access, dialog_id=uuid.uuid4(), org="ske",
        status="RequiresAttention", title="Brev til Kari Nordmann", created_at=AT, updated_at=AT, content_updated_at=AT,
        due_at=due_at,
    )  # fmt: skip
    return Transmission.objects.create(
        dialog=dialog, transmission_id=uuid.uuid4(), type="Request", title="Brev", created_at=AT - timedelta(days=5),
        stored_at=stored_at,
    )  # fmt: skip


def test_a_rejected_report_is_told_within_two_minutes_with_a_link_to_exactly_that_row(
    client: Client, vendor: Any, customer: Customer, case_worker: User
) -> None:
    report(customer, at=AT - timedelta(hours=3))
    wants(case_worker, "REJECTED")
    row = report(customer)

    work_until(AT + timedelta(minutes=2))

    (mail,) = mails()
    client.force_login(case_worker)
    listed = client.get("/" + links(mail)[0]).context["page"].rows
    assert mail["subject"] == "1 innsending avvist av Skatteetaten"
    assert [each.submission.pk for each in listed] == [row.pk]


def test_what_happens_within_a_minute_comes_in_one_mail(
    customer: Customer, access: Access, administrator: User
) -> None:
    wants(administrator, "REJECTED", "LOST")
    report(customer)
    work_until(AT + timedelta(seconds=40))
    Access.objects.filter(pk=access.pk).update(status="REMOVED", status_at=AT + timedelta(seconds=45))

    work_until(AT + timedelta(minutes=30), begin=AT + timedelta(seconds=60))

    assert subjects() == ["2 nye hendelser"]
    assert "1 tilgang fjernet av kunden" in mails()[0]["text"]


def test_a_flood_of_rejections_becomes_one_mail_with_the_number(customer: Customer, administrator: User) -> None:
    wants(administrator, "REJECTED")
    report(customer)
    rows = Submission.objects.bulk_create(
        [Submission(
            environment=SANDBOX, customer=customer, status="REJECTED", service="innrapportering-boligsameie",
            period_start=Period.year(2025).start, created_by="user:x", created_at=AT, delivered_at=AT,
            status_at=AT + timedelta(seconds=7.2 * n),
        ) for n in range(1, 500)]
    )  # fmt: skip
    later = Submission.objects.filter(pk__in=[row.pk for row in rows])
    later.update(status="DELIVERED")

    for minute in range(70):
        now = AT + timedelta(minutes=minute)
        later.filter(status_at__lte=now).update(status="REJECTED")
        work_until(now + timedelta(seconds=40), begin=now)

    assert subjects() == ["500 innsendinger avvist av Skatteetaten"]


def test_a_burst_waits_until_it_is_calm_and_no_longer(customer: Customer, administrator: User) -> None:
    wants(administrator, "REJECTED")
    for _ in range(30):
        report(customer)

    work_until(AT + timedelta(minutes=4))
    early = subjects()
    work_until(AT + timedelta(minutes=7), begin=AT + timedelta(minutes=4))

    assert (early, subjects()) == ([], ["30 innsendinger avvist av Skatteetaten"])


def test_nothing_is_told_of_customers_that_one_does_not_see(case_worker: User, reader: User) -> None:
    others = Portfolio.objects.create(name="De andres")
    stranger = Customer.objects.create(environment=SANDBOX, orgnr="312345670", name="Fremmed AS", portfolio=others)
    wants(case_worker, "REJECTED", digest="DAILY")
    wants(reader, "REJECTED")
    report(stranger)

    work_until(AT + timedelta(minutes=3))
    work_until(AT + timedelta(days=1), begin=AT + timedelta(minutes=1439))

    assert {row.address for row in OutboxMessage.objects.all()} == {reader.email}


def test_nothing_is_told_of_an_environment_that_is_off(administrator: User, portfolio: Portfolio) -> None:
    real = Customer.objects.create(environment="PRODUCTION", orgnr="910987656", name="Ekte AS", portfolio=portfolio)
    wants(administrator, "REJECTED")
    report(real)

    work_until(AT + timedelta(minutes=3))

    assert mails() == []


@pytest.mark.parametrize("where", ["compose", "remember", "put"])
def test_a_worker_that_dies_has_told_nothing_and_the_next_one_tells_all_once(
    customer: Customer, administrator: User, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    wants(administrator, "REJECTED")
    report(customer)
    work_until(AT + timedelta(seconds=60))

    usual = getattr(work, where)

    def dies(**given: Any) -> None:
        usual(**given)
        raise Killed

    monkeypatch.setattr(work, where, dies)
    with pytest.raises(Killed):
        work_until(AT + timedelta(minutes=3), begin=AT + timedelta(seconds=80))
    monkeypatch.setattr(work, where, usual)
    before = (mails(), NoticeTold.objects.count())
    work_until(AT + timedelta(minutes=20), begin=AT + timedelta(minutes=5))

    assert before == ([], 0)
    assert subjects() == ["1 innsending avvist av Skatteetaten"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_and_tasks_that_come_twice_tell_once(customer: Customer, administrator: User) -> None:
    wants(administrator, "REJECTED", digest="DAILY")
    report(customer)
    work_until(AT + timedelta(seconds=40))

    for minutes in (2, 2, 3):
        in_threads(lambda now=AT + timedelta(minutes=minutes): work.tell_due(at=now), 4)

    assert subjects() == ["1 innsending avvist av Skatteetaten"]


@pytest.mark.parametrize("hours", [-2, 3])
def test_a_clock_that_is_set_neither_hides_nor_repeats(customer: Customer, administrator: User, hours: int) -> None:
    wants(administrator, "REJECTED")
    report(customer)
    work_until(AT + timedelta(minutes=2))
    moved = AT + timedelta(hours=hours)
    report(customer, at=moved)

    NotificationPlan.objects.update(next_attempt_at=moved)
    work_until(moved + timedelta(minutes=15), begin=moved)

    assert subjects() == ["1 innsending avvist av Skatteetaten"] * 2


def test_what_was_stored_late_is_told_too(customer: Customer, administrator: User) -> None:
    wants(administrator, "REJECTED")
    work_until(AT + timedelta(minutes=30))

    report(customer, at=AT + timedelta(minutes=5))
    work_until(AT + timedelta(minutes=32), begin=AT + timedelta(minutes=30))

    assert subjects() == ["1 innsending avvist av Skatteetaten"]


def test_an_access_that_is_lost_again_is_told_again(access: Access, administrator: User) -> None:
    wants(administrator, "LOST")
    for minutes in (0, 30):
        at = AT + timedelta(minutes=minutes)
        Access.objects.filter(pk=access.pk).update(status="REMOVED", status_at=at)
        work_until(at + timedelta(minutes=5), begin=at)

    assert subjects() == ["1 tilgang fjernet av kunden"] * 2


def test_a_letter_is_told_when_it_has_a_deadline_also_when_it_gets_it_later(
    access: Access, administrator: User
) -> None:
    wants(administrator, "LETTER")
    without = letter(access)
    letter(access, due_at=AT + timedelta(days=10))
    work_until(AT + timedelta(minutes=2))
    first = subjects()

    Dialog.objects.filter(pk=without.dialog_id).update(due_at=AT + timedelta(days=3))
    later = AT + timedelta(days=4)
    NotificationPlan.objects.update(next_attempt_at=later)
    work_until(later + timedelta(minutes=3), begin=later)

    assert (first, subjects()) == (["1 nytt brev med frist"], ["1 nytt brev med frist"] * 2)


def test_a_campaign_that_is_done_is_told_to_who_made_it(access: Access, administrator: User, case_worker: User) -> None:
    for user in (administrator, case_worker):
        wants(user, "CAMPAIGN")
    Campaign.objects.create(
        environment=SANDBOX, name="Høst", profile=access.profile, owner=case_worker, status="DONE", status_at=AT,
        created_at=AT, started_at=AT, ordered_by=case_worker,
    )  # fmt: skip

    work_until(AT + timedelta(minutes=2))

    assert [row.address for row in OutboxMessage.objects.all()] == [case_worker.email]
    assert subjects() == ["1 kampanje ferdig"]


def test_a_summary_comes_on_working_days_and_is_quiet_without_news(customer: Customer, case_worker: User) -> None:
    plan = wants(case_worker, digest="DAILY")
    monday_morning = plan.digest_at
    report(customer, "ACCEPTED", at=AT + timedelta(hours=1))

    due = []
    for _ in range(6):
        now = NotificationPlan.objects.get().digest_at
        assert now is not None
        work.tell_due(at=now - timedelta(seconds=1))
        work.tell_due(at=now)
        due.append(now.astimezone(choosing.NORWAY).isoformat()[:16])

    assert monday_morning == datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
    assert due == [f"2026-{day}T07:00" for day in ("11-24", "11-25", "11-26", "11-27", "11-30", "12-01")]
    assert subjects() == ["Oppsummering: 1 ny hendelse"]


def test_a_weekly_summary_comes_on_mondays_at_seven_in_summer_and_winter() -> None:
    times = [choosing.next_digest("WEEKLY", at=at) for at in (AT, datetime(2026, 3, 27, tzinfo=UTC))]

    assert [time.isoformat() for time in times if time] == ["2026-11-30T07:00:00+01:00", "2026-03-30T07:00:00+02:00"]


def test_a_summary_does_not_repeat_what_was_told_at_once(customer: Customer, case_worker: User) -> None:
    plan = wants(case_worker, "REJECTED", digest="DAILY")
    report(customer)
    report(customer, "ACCEPTED")
    work_until(AT + timedelta(minutes=2))

    assert plan.digest_at is not None
    work.tell_due(at=plan.digest_at)

    assert subjects() == ["1 innsending avvist av Skatteetaten", "Oppsummering: 1 ny hendelse"]
    told, _dot, tasks = mails()[1]["text"].partition("Dette venter på deg:")
    assert "avvist" not in told
    assert "1 innsending er avvist av Skatteetaten" in tasks


def test_a_mail_names_no_customer_no_person_and_no_number(access: Access, case_worker: User) -> None:
    wants(case_worker, "REJECTED", "LETTER", digest="DAILY")
    report(access.customer)
    letter(access, due_at=AT + timedelta(days=10))

    work.tell_due(at=AT + timedelta(days=1))

    (mail,) = mails()
    for form in (mail["subject"], mail["text"], mail["html"]):
        for secret in (access.customer.name, CUSTOMER_ORGNR, "Kari", access.link_token):
            assert secret not in form


@pytest.mark.parametrize(
    ("language", "words"),
    [("nn", "innsending avvist av Skatteetaten"), ("en", "submission rejected by Skatteetaten")],
)
def test_a_mail_is_in_the_language_of_the_person(
    customer: Customer, administrator: User, language: str, words: str
) -> None:
    User.objects.update(language=language)
    wants(administrator, "REJECTED")
    report(customer)

    work_until(AT + timedelta(minutes=2))

    (mail,) = mails()
    assert (mail["subject"], mail["language"]) == (f"1 {words}", language)
    assert f'<html lang="{language}">' in mail["html"]


def test_a_closed_account_gets_nothing_and_what_waits_is_not_sent(customer: Customer, administrator: User) -> None:
    wants(administrator, "REJECTED", digest="DAILY")
    report(customer)
    work_until(AT + timedelta(minutes=2))
    waiting = OutboxMessage.objects.get().status

    make_user(Role.ADMINISTRATOR, "another@vendor.example")
    administrator.is_active = False
    save_user(user=administrator, by="user:x", at=AT + timedelta(minutes=2))
    report(customer, at=AT + timedelta(minutes=3))
    work_until(AT + timedelta(days=1, minutes=1), begin=AT + timedelta(days=1))

    assert waiting == "WAITING"
    assert [row.status for row in OutboxMessage.objects.all()] == ["CLOSED"]


@pytest.fixture
def refused(customer: Customer, case_worker: User) -> User:
    """The mail server refuses the address of the case worker."""
    wants(case_worker, "REJECTED", digest="DAILY")
    report(customer)
    work_until(AT + timedelta(minutes=2))
    OutboxMessage.objects.update(status="DEAD", problem_code="MAIL_REFUSED", next_attempt_at=None)
    results.note_results(at=AT + timedelta(minutes=3))
    return case_worker


def test_a_refused_address_is_shown_to_the_person_and_to_administrators(
    client: Client, vendor: Any, refused: User, administrator: User
) -> None:
    client.force_login(refused)
    own = client.get("/sandbox/account/").content.decode()
    client.force_login(administrator)
    others = client.get("/sandbox/account/").content.decode()

    assert "E-postserveren tar ikke imot e-post til deg" in own
    assert f"{refused.name} · {refused.email}" in others
    lines = {
        user: [line.title for line in attention(user=user, environment=SANDBOX, at=AT)]
        for user in (refused, administrator)
    }
    assert "E-postserveren tar ikke imot e-post til deg" in lines[refused]
    assert "Ansatt får ikke varslene sine" in lines[administrator]


def test_a_refused_address_gets_nothing_until_it_is_right_and_then_all_once(customer: Customer, refused: User) -> None:
    report(customer, at=AT + timedelta(minutes=5))
    work_until(AT + timedelta(minutes=20), begin=AT + timedelta(minutes=5))
    meanwhile = OutboxMessage.objects.count()

    refused.email = "riktig@vendor.example"
    later = AT + timedelta(minutes=30)
    save_user(user=refused, by="user:x", at=later)
    work_until(later + timedelta(minutes=15), begin=later)

    assert meanwhile == 1
    new = OutboxMessage.objects.exclude(status="CLOSED").exclude(key__startswith="staff-").get()
    assert (new.address, new.payload["subject"]) == (refused.email, "2 innsendinger avvist av Skatteetaten")


def test_sending_again_needs_a_refused_address(case_worker: User) -> None:
    wants(case_worker, "REJECTED")
    before = NotificationPlan.objects.values().get()

    send_again(user=case_worker, by="user:x", at=AT)

    assert NotificationPlan.objects.values().get() == before


def test_the_choices_are_ones_own_and_are_in_the_audit_trail(client: Client, vendor: Any, case_worker: User) -> None:
    client.force_login(case_worker)
    page = client.get("/sandbox/account/")
    version = page.context["form"].initial.get("version", "")

    sent = client.post(
        "/sandbox/account/",
        {"digest": "WEEKLY", "at_once": ["REJECTED", "LOST"], "language": "nn", "version": version},
    )

    plan = NotificationPlan.objects.get()
    assert sent.status_code == 302
    assert (plan.user, plan.digest, plan.at_once) == (case_worker, "WEEKLY", ["REJECTED", "LOST"])
    assert User.objects.get(pk=case_worker.pk).language == "nn"
    assert AuditEvent.objects.filter(by=case_worker.actor, what="edited").count() == 2


@pytest.mark.parametrize(
    ("role", "offered"),
    [
        (Role.ADMINISTRATOR, ["REJECTED", "LOST", "LETTER", "KEY", "CAMPAIGN", "PROPOSAL"]),
        (Role.CASE_WORKER, ["REJECTED", "LOST", "LETTER", "CAMPAIGN", "PROPOSAL"]),
        (Role.DEVELOPER, ["REJECTED", "LOST", "LETTER", "KEY", "PROPOSAL"]),
        (Role.READER, ["REJECTED", "LOST", "LETTER", "PROPOSAL"]),
    ],
)
def test_what_can_be_chosen_depends_on_the_role(client: Client, vendor: Any, role: str, offered: list[str]) -> None:
    client.force_login(make_user(role))

    form = client.get("/sandbox/account/").context["form"]
    refused = client.post("/sandbox/account/", {"digest": "NEVER", "at_once": ["OTHER"], "language": "nb"})

    assert [value for value, _label in form.fields["at_once"].choices] == offered
    assert refused.status_code == 422


def test_keys_warn_administrators_unless_they_chose_otherwise_and_developers_who_chose_it() -> None:
    people = [make_user(Role.ADMINISTRATOR), make_user(Role.DEVELOPER), make_user(Role.READER)]
    usual = wanting_key_warnings("TEST")

    wants(people[0], "LOST")
    wants(people[1], "KEY")

    assert (usual, wanting_key_warnings("TEST")) == ([people[0]], [people[1]])


def test_a_mail_is_remembered_by_its_number_only(customer: Customer, administrator: User) -> None:
    wants(administrator, "REJECTED")
    report(customer)
    work_until(AT + timedelta(minutes=2))

    mail = NoticeMail.objects.get()
    assert (mail.key, mail.kind, mail.status) == (f"notice:{administrator.pk}:1", "AT_ONCE", "WAITING")
