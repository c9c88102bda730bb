"""Dialogs as an inbox: unread per person, deadlines, who answers, done, and the way to the customer's own inbox."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Customer, Portfolio, Role, User
from portal.core import counting
from portal.core.audit import AuditEvent
from portal.core.environments import Environment
from portal.desk.attention import attention
from submissions.models import Dialog, DialogSeen, InboxMark, PollCursor
from submissions.services.casework import acts
from submissions.services.casework.deadlines import NEEDS_ANSWER, Due, due_by, find_due
from submissions.services.casework.unread import find_unread, mark_seen, sweep_marks
from tests.fixtures import make_user
from tests.submissions.inbox.reading import Reading
from tests.submissions.world import RESOURCE, SERVICE

LIST = "/sandbox/dialogs/"
SANDBOX = Environment.SANDBOX
STATES = ("RequiresAttention", "InProgress", "NotApplicable", "Awaiting", "Completed")
OTHER = "urn:altinn:resource:ske-annen-tjeneste"


def of(name: str, row: Dialog) -> str:
    return reverse(name, kwargs={"environment": "sandbox", "pk": row.pk})


@pytest.fixture
def worker(client: Client, case_worker: User) -> User:
    """Has been here for a year."""
    User.objects.update(date_joined=timezone.now() - timedelta(days=365))
    case_worker.refresh_from_db()
    client.force_login(case_worker)
    return case_worker


@pytest.fixture
def one_of_two(worker: User, administrator: User) -> User:
    """The portfolio has two workers, so none of them is its only one."""
    administrator.portfolios.set(Portfolio.objects.all())
    return worker


def ordered(reading: Reading, **fields: Any) -> Dialog:
    """A dialog that the sandbox was told to open, read by the worker and come now."""
    body = {"orgnr": reading.world.access.customer.orgnr, "title": {"nb": "Krav"}, "org": "ske", **fields}
    body.setdefault("service_resource", f"urn:altinn:resource:{RESOURCE}")
    made = reading.world.control("/control/dialogs", body)
    reading.world.let_pass(3600)
    reading.round()
    Dialog.objects.filter(dialog_id=made["id"]).update(news_at=timezone.now() - timedelta(hours=1))
    return Dialog.objects.get(dialog_id=made["id"])


def change(reading: Reading, row: Dialog, **fields: Any) -> Dialog:
    reading.world.let_pass(60)
    reading.world.control(f"/control/dialogs/{row.dialog_id}", fields, method="PATCH")
    reading.world.let_pass(3600)
    reading.round()
    return Dialog.objects.get(pk=row.pk)


def unread_by(user: User) -> list[str]:
    return [row.title for row in find_unread(user=user, environment=SANDBOX, at=timezone.now())]


def titles(client: Client, **query: str) -> list[str]:
    return [row.dialog.title for row in client.get(LIST, query).context["page"]]


def after(at: datetime, days: float) -> str:
    return (at + timedelta(days=days)).isoformat()


def test_a_dialog_is_unread_by_each_person_until_that_person_has_opened_it(
    client: Client, worker: User, administrator: User, reading: Reading
) -> None:
    row = ordered(reading)
    User.objects.update(date_joined=timezone.now() - timedelta(days=365))
    administrator.refresh_from_db()
    before = client.get(LIST).content.decode()

    client.get(of("dialog", row), headers={"Sec-Purpose": "prefetch"})
    prefetched = unread_by(worker)
    client.get(of("dialog", row))

    assert "Ulest:" in before
    assert '<span class="unread__count">1\n' in before
    assert prefetched == ["Krav"]
    assert unread_by(worker) == []
    assert unread_by(administrator) == ["Krav"]
    assert "Ulest:" not in client.get(LIST).content.decode()


def test_new_content_is_unread_and_no_longer_done_and_the_trail_says_so(worker: User, reading: Reading) -> None:
    row = ordered(reading)
    mark_seen(dialogs=Dialog.objects.all(), user=worker)
    acts.be_done(dialogs=Dialog.objects.all(), by=worker.actor, at=reading.world.at)

    Dialog.objects.update(news_at=reading.world.at)
    DialogSeen.objects.update(news_at=reading.world.at)
    row = change(reading, row, title={"nb": "Nytt krav"}, status="RequiresAttention")

    assert row.handled_at is None
    assert row.handled_by == ""
    assert row.news_at == reading.world.at
    assert [each.title for each in find_unread(user=worker, environment=SANDBOX, at=row.news_at)] == ["Nytt krav"]
    assert list(AuditEvent.objects.filter(what__startswith="dialog-").order_by("pk").values_list("what", "by")) == [
        ("dialog-done", worker.actor),
        ("dialog-undone", "remote:dialogporten"),
    ]


def test_what_only_moves_beside_the_content_leaves_it_done(worker: User, reading: Reading) -> None:
    row = ordered(reading)
    acts.be_done(dialogs=Dialog.objects.all(), by=worker.actor, at=reading.world.at)

    row = change(reading, row, progress=40)

    assert row.progress == 40
    assert row.handled_at is not None


def test_a_new_deadline_is_news(worker: User, reading: Reading) -> None:
    row = ordered(reading)
    acts.be_done(dialogs=Dialog.objects.all(), by=worker.actor, at=reading.world.at)

    row = change(reading, row, due_at=after(reading.world.at, 9))

    assert row.handled_at is None


def test_nobody_is_done_with_what_came_after_the_page_was_opened(
    client: Client, worker: User, reading: Reading
) -> None:
    row = ordered(reading)
    seen = client.get(of("dialog", row)).context["work"].seen
    Dialog.objects.update(news_at=timezone.now())

    reply = client.post(of("dialog-done", row), {"seen": seen}, follow=True)
    late = Dialog.objects.get().handled_at
    client.post(of("dialog-done", row), {"seen": client.get(of("dialog", row)).context["work"].seen})

    assert "Det har kommet noe nytt" in reply.content.decode()
    assert late is None
    assert Dialog.objects.get().handled_by == worker.actor


def test_the_sweep_moves_the_mark_to_the_oldest_unread_and_drops_what_it_covers(worker: User, reading: Reading) -> None:
    at = timezone.now()
    for hours in (9, 6, 3):
        row = ordered(reading, title={"nb": f"For {hours} timer siden"})
        Dialog.objects.filter(pk=row.pk).update(news_at=at - timedelta(hours=hours))
    mark_seen(dialogs=Dialog.objects.exclude(title="For 6 timer siden"), user=worker)

    sweep_marks(at=at)

    mark = InboxMark.objects.get(user=worker, environment=SANDBOX)
    assert at - timedelta(hours=9) < mark.read_until < at - timedelta(hours=6)
    assert [each.dialog.title for each in DialogSeen.objects.filter(user=worker)] == ["For 3 timer siden"]
    assert unread_by(worker) == ["For 6 timer siden"]


def test_what_is_older_than_our_access_was_never_news(worker: User, reading: Reading) -> None:
    reading.opens(title="Fra i sommer", now=reading.world.at - timedelta(days=120))

    reading.round()
    at = reading.world.at
    PollCursor.objects.update(full_at=at, overlap_at=at, next_attempt_at=at)
    reading.round()

    row = Dialog.objects.get()
    assert row.news_at == row.content_updated_at


def test_who_sees_no_customers_has_nothing_unread(client: Client, worker: User, reading: Reading) -> None:
    ordered(reading)
    worker.portfolios.clear()

    page = client.get(LIST)

    assert page.status_code == 200
    assert "unread__count" not in page.content.decode()


def test_unread_since_is_what_came_after(worker: User, reading: Reading) -> None:
    row = ordered(reading)

    newer = find_unread(user=worker, environment=SANDBOX, at=timezone.now(), since=row.news_at - timedelta(minutes=1))
    older = find_unread(user=worker, environment=SANDBOX, at=timezone.now(), since=row.news_at)

    assert list(newer) == [row]
    assert list(older) == []


def test_the_overviews_lines_of_deadlines_lead_to_exactly_those_dialogs(
    client: Client, worker: User, reading: Reading
) -> None:
    now = timezone.now()
    days = {"Sen": -2, "Senest": -9, "Nær": 3, "Fjern": 30, "Levert": -1, "Hos dem": -1, "Uten frist": None}
    statuses = {"Senest": "NotApplicable", "Fjern": "InProgress", "Levert": "Completed", "Hos dem": "Awaiting"}
    for title in days:
        ordered(reading, title={"nb": title}, status=statuses.get(title, "RequiresAttention"))
    for title, number in days.items():
        due_at = None if number is None else now + timedelta(days=number)
        Dialog.objects.filter(title=title).update(due_at=due_at)

    lines = [line for line in attention(user=worker, environment=SANDBOX, at=now) if "due=" in line.url]

    shown = [[row.dialog.title for row in client.get(line.url).context["page"]] for line in lines]
    assert shown == [["Senest", "Sen"], ["Nær"], ["Fjern"]]
    assert [line.count for line in lines] == [2, 1, 1]
    assert [each.title for each in find_due(user=worker, environment=SANDBOX, at=now)] == [
        "Senest",
        "Sen",
        "Nær",
        "Fjern",
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"service": SERVICE}, ["Krav", "Svar", "Mitt"]),
        ({"status": "RequiresAttention"}, ["Svar"]),
        ({"due": "overdue"}, ["Svar"]),
        ({"due": "week"}, ["Krav"]),
        ({"due": "none"}, ["Mitt", "Annet"]),
        ({"assignee": "me"}, ["Mitt"]),
        ({"assignee": "none"}, ["Krav", "Svar", "Annet"]),
        ({"read": "unread"}, ["Krav", "Annet"]),
        ({"tied": "no"}, ["Krav", "Svar", "Mitt", "Annet"]),
        ({"tied": "yes"}, []),
        ({"assignee": "none", "read": "unread", "due": "none", "tied": "no"}, ["Annet"]),
        ({"state": "unread", "due": "week"}, ["Krav"]),
    ],
)
def test_filters_combine(
    client: Client, one_of_two: User, reading: Reading, query: dict[str, str], expected: list[str]
) -> None:
    worker = one_of_two
    krav, svar, mitt = (ordered(reading, title={"nb": title}) for title in ("Krav", "Svar", "Mitt"))
    now = timezone.now()
    Dialog.objects.filter(pk=krav.pk).update(due_at=now + timedelta(days=2))
    Dialog.objects.filter(pk=svar.pk).update(due_at=now - timedelta(days=2), status="RequiresAttention")
    copy = Dialog.objects.get(pk=mitt.pk)
    copy.pk, copy.dialog_id, copy.title, copy.service_resource = None, uuid.uuid4(), "Annet", OTHER
    copy.save(force_insert=True)
    acts.assign(dialogs=Dialog.objects.filter(pk=mitt.pk), to=worker, by="user:x", at=now)
    mark_seen(dialogs=Dialog.objects.filter(pk__in=[svar.pk, mitt.pk]), user=worker)

    assert sorted(titles(client, **query)) == sorted(expected)


def test_a_dialog_follows_the_customers_person_then_the_portfolios_only_worker(
    client: Client, worker: User, administrator: User, reading: Reading
) -> None:
    row = ordered(reading)

    by_portfolio = titles(client, assignee="me")
    Customer.objects.update(assignee=administrator)
    by_customer = (titles(client, assignee="me"), titles(client, assignee=str(administrator.pk)))
    client.post(of("dialog-assign", row), {"person": str(worker.pk)})

    assert by_portfolio == ["Krav"]
    assert by_customer == ([], ["Krav"])
    assert titles(client, assignee="me") == ["Krav"]
    event = AuditEvent.objects.get(what="dialog-assigned")
    assert event.detail == {"changes": {"assignee": ["", str(worker)]}}


def test_the_dialogs_of_nobody_are_in_portfolios_with_several_workers(
    client: Client, worker: User, reading: Reading
) -> None:
    ordered(reading)

    of_one = titles(client, assignee="none")
    make_user(Role.CASE_WORKER, "second@vendor.example").portfolios.set(worker.portfolios.all())
    of_two = titles(client, assignee="none")
    worker.portfolios.clear()

    assert (of_one, of_two) == ([], ["Krav"])
    assert titles(client, assignee="none") == []


def test_nobody_is_given_a_dialog_of_a_customer_that_they_do_not_see(
    client: Client, worker: User, reading: Reading
) -> None:
    row = ordered(reading)
    stranger = make_user(Role.CASE_WORKER, "stranger@vendor.example")

    client.post(of("dialog-assign", row), {"person": str(stranger.pk)})
    many = client.post(
        LIST, {"act": "assign", "pick": str(row.pk), "number": "1", "person": str(stranger.pk)}, follow=True
    )

    assert Dialog.objects.get().assignee is None
    assert "ser ikke kunden til 1 av dem" in many.content.decode()


def test_many_are_done_after_one_page_that_names_their_number(client: Client, worker: User, reading: Reading) -> None:
    rows = [ordered(reading, title={"nb": title}) for title in ("En", "To", "Tre")]
    picked = {"act": "done", "pick": [str(row.pk) for row in rows[:2]]}

    question = client.post(LIST, picked)
    asked = Dialog.objects.filter(handled_at__isnull=False).count()
    client.post(LIST, {**picked, "number": "2"})

    assert "Merk 2 dialoger som ferdige" in question.content.decode()
    assert asked == 0
    assert titles(client) == ["Tre"]
    assert sorted(titles(client, state="done")) == ["En", "To"]
    assert AuditEvent.objects.filter(what="dialog-done").count() == 2


def test_many_are_read_and_given_to_somebody(client: Client, worker: User, reading: Reading) -> None:
    for title in ("En", "To"):
        ordered(reading, title={"nb": title})

    client.post(LIST, {"act": "read", "all": "1"})
    client.post(LIST, {"act": "assign", "all": "1", "number": "2", "person": str(worker.pk)})

    assert unread_by(worker) == []
    assert set(Dialog.objects.values_list("assignee", flat=True)) == {worker.pk}


def test_opening_it_where_the_customer_sees_it_is_an_act_of_its_own_that_is_explained_and_logged(
    client: Client, worker: User, reading: Reading
) -> None:
    row = ordered(reading)
    before = reading.calls()

    page = client.get(of("dialog", row)).content.decode()
    by_get = client.get(of("dialog-altinn", row))
    logged = AuditEvent.objects.filter(what="opened-in-altinn").count()
    reply = client.post(of("dialog-altinn", row))

    assert "blir den merket som sett der, med navnet ditt" in page
    assert by_get.status_code == 405
    assert logged == 0
    assert reply.status_code == 302
    assert reply["Location"].endswith("/control#dialogs")
    assert AuditEvent.objects.get(what="opened-in-altinn").by == worker.actor
    assert reading.calls() == before


@pytest.mark.parametrize("name", ["dialog-assign", "dialog-done", "dialog-undo", "dialog-altinn"])
def test_a_reader_sees_and_cannot_act(client: Client, reader: User, reading: Reading, name: str) -> None:
    row = ordered(reading)
    client.force_login(reader)

    page = client.get(of("dialog", row)).content.decode()

    assert client.get(LIST).status_code == 200
    assert "Merk som ferdig" not in page
    assert "Åpne i kundens innboks" not in page
    assert client.post(of(name, row)).status_code == 403
    assert client.post(LIST, {"act": "read", "all": "1"}).status_code == 403


@pytest.mark.parametrize("name", ["dialog-assign", "dialog-done", "dialog-undo", "dialog-altinn"])
def test_strangers_find_nothing(client: Client, worker: User, reading: Reading, name: str) -> None:
    row = ordered(reading)
    Customer.objects.update(portfolio=Portfolio.objects.create(name="Øst"))

    assert client.post(of(name, row)).status_code == 404
    assert titles(client) == []
    assert unread_by(worker) == []
    client.post(LIST, {"act": "done", "pick": str(row.pk), "number": "1"})
    assert Dialog.objects.get().handled_at is None


def test_the_deadlines_parts_leave_nothing_out_and_count_nothing_twice(worker: User, reading: Reading) -> None:
    now = timezone.now()
    row = ordered(reading, status="RequiresAttention")
    for due_at in (None, now - timedelta(seconds=1), now, now + timedelta(days=7), now + timedelta(days=8)):
        Dialog.objects.filter(pk=row.pk).update(due_at=due_at)

        parts = [part for part in Due if Dialog.objects.filter(due_by(part, at=now)).exists()]

        assert len(parts) == 1


@pytest.mark.parametrize("part", ["overdue", "week", "later"])
def test_the_list_of_what_needs_an_answer_by_a_day_says_each_condition_once_and_has_the_same_rows(
    client: Client, worker: User, reading: Reading, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, row = timezone.now(), ordered(reading)
    for days, status, handled_at, gone_at in product((-2, 3, 30, None), STATES, (None, now), (None, now)):
        row.pk, row.dialog_id, row.status, row.handled_at, row.gone_at = None, uuid.uuid4(), status, handled_at, gone_at
        row.due_at = None if days is None else now + timedelta(days=days)
        row.gone_reason, row.handled_by = "DELETED" if gone_at else "", "user:x" if handled_at else ""
        row.save(force_insert=True)
    monkeypatch.setattr(counting, "FEW", 0)  # as of a large vendor

    page = client.get(LIST, {"state": "attention", "due": part, "size": "200"})

    wanted = Dialog.objects.filter(NEEDS_ANSWER).filter(due_by(part, at=now))
    shown = [each.dialog.pk for each in page.context["page"]]
    assert sorted(shown) == sorted(wanted.values_list("pk", flat=True))
    assert shown
    (chip,) = [chip for chip in page.context["chips"] if chip["is_current"]]
    assert chip["count"] == len(shown)
    conditions = str(page.context["list"].filtered.query)
    for name in ("handled_at", "gone_at"):
        assert conditions.count(f'"submissions_dialog"."{name}" IS NULL') == 1, conditions


def test_unread_and_deadlines_are_read_from_their_indexes(worker: User, reading: Reading) -> None:
    ordered(reading)
    at = timezone.now()
    mark_seen(dialogs=Dialog.objects.all(), user=worker)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")

    unread = find_unread(user=worker, environment=SANDBOX, at=at)[:100].explain()
    due = find_due(user=worker, environment=SANDBOX, at=at)[:100].explain()

    assert "dialog_news" in unread
    assert "dialog_seen_once" in unread
    assert "dialog_deadline" in due


def test_what_we_delivered_ourselves_is_no_news_and_the_answer_to_it_is(worker: User, reading: Reading) -> None:
    submission = reading.delivered()
    reading.round()
    assert submission.dialog_id is not None
    row = Dialog.objects.get(dialog_id=submission.dialog_id)
    own = find_unread(user=worker, environment=SANDBOX, at=timezone.now()).count()

    reading.settle(submission)
    row.refresh_from_db()

    assert [each.type for each in row.transmissions.order_by("created_at")] == ["Submission", "Acceptance"]
    assert own == 0
    assert find_unread(user=worker, environment=SANDBOX, at=row.news_at).count() == 1
