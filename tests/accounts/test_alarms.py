"""What may be misuse is found in the newest hour of the trail, told once for each wave, and stays until somebody has seen it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Alarm, Charge, Customer, InstallationGrant, Role, User
from accounts.services import alarms
from accounts.services.integrations import proofs
from accounts.services.staff import Rights, change_rights, rights_of, save_user
from portal.core import alarm_limits
from portal.core.audit import AuditEvent, record
from portal.core.audit_events import AuditType
from portal.core.env import BadSetting, Env
from portal.core.environments import Environment
from portal.core.outbox.message import OutboxMessage
from portal.desk.attention import attention
from tests.api.erp import make_integration
from tests.fixtures import AT, make_user

pytestmark = pytest.mark.django_db
K = Alarm.Kind


@pytest.fixture(autouse=True)
def limits(settings: Any) -> None:
    settings.ALARMS = alarm_limits.Limits(log_ins=3, reading=3, exports=2, rows=100, hours=None)


def read(
    user: User, customer: Customer, times: int, *, at: Any = AT, what: AuditType = AuditType.READ, **more: Any
) -> None:
    for _ in range(times):
        record(by=user.actor, at=at, target=customer, customer_id=customer.pk, what=what, **more)


def found() -> list[tuple[str, str, str, int]]:
    return list(Alarm.objects.order_by("kind", "about").values_list("kind", "environment", "about", "number"))


def test_many_failed_log_ins_are_one_alarm_whoever_they_are_of(vendor: Any) -> None:
    for n in range(3):
        record(
            by="visitor",
            at=AT,
            target=User(pk=n),
            what=AuditType.LOG_IN_FAILED,
            ip="192.0.2.1",
            browser="",
            address_hash="x",
        )

    alarms.look(at=AT)

    assert found() == [(K.LOG_INS, "", "", 3)]


def test_one_who_reads_much_is_one_and_others_are_none(customer: Customer, case_worker: User, reader: User) -> None:
    read(case_worker, customer, 3)
    read(reader, customer, 2)
    read(reader, customer, 5, at=AT - timedelta(hours=2))

    alarms.look(at=AT)

    assert found() == [(K.READING, "SANDBOX", case_worker.actor, 3)]


def test_many_files_or_many_rows_are_alarms(customer: Customer, case_worker: User, reader: User) -> None:
    read(case_worker, customer, 2, what=AuditType.HELD_EXPORTED, number=1)
    record(
        by=reader.actor, at=AT, target=reader, environment="SANDBOX", what=AuditType.LIST_EXPORTED, list="kunder", format="csv",
        number=100,
    )  # fmt: skip

    alarms.look(at=AT)

    assert found() == [(K.EXPORTS, "SANDBOX", case_worker.actor, 2), (K.ROWS, "SANDBOX", reader.actor, 100)]


@pytest.mark.parametrize(
    ("rights", "expected"),
    [
        (Rights.everywhere(Role.ADMINISTRATOR), True), (Rights(charges=frozenset({Charge.PEOPLE})), True),
        (Rights.everywhere(Role.CASE_WORKER), False), (Rights(charges=frozenset({Charge.MAILS})), False),
    ],
)  # fmt: skip
def test_a_new_administrator_is_told(administrator: User, reader: User, rights: Rights, expected: bool) -> None:
    InstallationGrant.objects.filter(user=administrator).update(given_at=AT - timedelta(days=1))
    change_rights(user=reader, rights=rights, by="user:ida@vendor.example", at=AT)

    alarms.look(at=AT)

    assert (K.ADMINISTRATOR in [kind for kind, *_rest in found()]) is expected


def test_the_first_one_of_an_installation_is_no_alarm(reader: User) -> None:
    change_rights(user=reader, rights=Rights.everywhere(Role.ADMINISTRATOR), by="task:createsuperuser", at=AT)

    assert alarms.look(at=AT) == 0


def test_who_was_one_already_is_not_new(administrator: User) -> None:
    before = rights_of(administrator)
    after = Rights(before.roles, before.sees_all, before.charges - {Charge.MAILS})
    change_rights(user=administrator, rights=after, by="user:x@vendor.example", at=AT)

    assert alarms.look(at=AT) == 0


def test_reading_at_odd_hours_is_told_where_hours_are_chosen(
    customer: Customer, case_worker: User, settings: Any
) -> None:
    settings.ALARMS = alarm_limits.read(Env({"ALARM_HOURS": "22-06"}))
    night = AT.replace(hour=22, minute=30)  # 23.30 in Norway
    read(case_worker, customer, 1)
    read(case_worker, customer, 2, at=night)

    by_day, by_night = alarms.look(at=AT), alarms.look(at=night)

    assert (by_day, by_night) == (0, 1)
    assert found() == [(K.ODD_HOURS, "SANDBOX", case_worker.actor, 2)]


def told() -> list[str]:
    return [row.address for row in OutboxMessage.objects.order_by("pk")]


def test_a_wave_is_one_alarm_and_one_mail_to_each_who_keeps_people(
    customer: Customer, case_worker: User, administrator: User
) -> None:
    other = make_user(Role.ADMINISTRATOR, "other@vendor.example")
    read(case_worker, customer, 3)
    new = [alarms.look(at=AT + timedelta(minutes=n)) for n in range(3)]
    read(case_worker, customer, 4, at=AT + timedelta(minutes=3))

    again = alarms.look(at=AT + timedelta(minutes=3))

    assert (new, again, Alarm.objects.get().number) == ([1, 0, 0], 0, 7)
    assert sorted(told()) == sorted([administrator.email, other.email])
    assert case_worker.name in OutboxMessage.objects.get(key__contains=f":{other.pk}:").payload["text"]
    assert AuditEvent.objects.filter(what=AuditType.ALARM_RAISED).count() == 1


def test_a_second_wave_that_day_is_told_again_though_nobody_has_seen_the_first(
    customer: Customer, case_worker: User, administrator: User
) -> None:
    read(case_worker, customer, 5)
    alarms.look(at=AT)
    later = AT + timedelta(hours=3)
    read(case_worker, customer, 3, at=later)

    assert alarms.look(at=later) == 1
    assert (Alarm.objects.get().number, Alarm.objects.get().newest_at, len(told())) == (5, later, 2)
    assert AuditEvent.objects.filter(what=AuditType.ALARM_RAISED).count() == 2


def test_what_happens_after_somebody_has_seen_it_is_told_anew(
    customer: Customer, case_worker: User, administrator: User
) -> None:
    read(case_worker, customer, 3)
    alarms.look(at=AT)
    alarms.mark_seen(alarm=Alarm.objects.get(), user=administrator, at=AT)
    minutes = [AT + timedelta(minutes=n) for n in (1, 2, 3)]

    quiet = alarms.look(at=minutes[0])
    read(case_worker, customer, 2, at=minutes[1])
    little = alarms.look(at=minutes[1])
    read(case_worker, customer, 1, at=minutes[2])
    much = alarms.look(at=minutes[2])

    assert (quiet, little, much) == (0, 0, 1)
    assert [(row.number, row.seen_at is None) for row in Alarm.objects.order_by("pk")] == [(3, False), (3, True)]


def test_nobody_puts_an_alarm_about_themself_aside(
    client: Client, customer: Customer, administrator: User, vendor: Any
) -> None:
    integration, at = make_integration(administrator), timezone.now()
    proofs.make_secret(integration=integration, old_for=None, by=administrator.actor, at=at)
    read(administrator, customer, 3, at=at, environment="SANDBOX")
    for _ in range(3):
        record(by=integration.actor, at=at, target=customer, what=AuditType.FETCHED, environment="SANDBOX")
    alarms.look(at=at)
    client.force_login(administrator)

    def see() -> str:
        for row in Alarm.objects.all():
            page = client.post(f"/sandbox/oversight/alarms/{row.pk}/seen/", follow=True)
        return page.content.decode()

    alone, (shown, _other) = see(), client.get("/sandbox/oversight/alarms/").context["rows"]
    colleague = make_user(Role.ADMINISTRATOR, "grete@vendor.example")
    accompanied, left = see(), alarms.unseen().count()
    client.force_login(colleague)
    see()

    assert "ingen andre har ansvar for folk" in alone
    assert shown.is_own
    assert "En annen som har ansvar for folk, må se på den." in accompanied
    assert (left, alarms.unseen().count()) == (2, 0)


def test_failed_log_ins_and_a_new_administrator_after_it_was_seen_are_told_anew(
    administrator: User, reader: User
) -> None:
    InstallationGrant.objects.update(given_at=AT - timedelta(days=1))
    fields = {"ip": "192.0.2.1", "browser": "", "address_hash": "x"}

    def wave(at: Any, role: str) -> int:
        for n in range(3):
            record(by="visitor", at=at, target=User(pk=n), what=AuditType.LOG_IN_FAILED, **fields)
        change_rights(user=reader, rights=Rights.everywhere(role), by="task:test", at=at)
        return alarms.look(at=at)

    def see() -> None:
        for row in alarms.unseen():
            alarms.mark_seen(alarm=row, user=administrator, at=AT)

    first, minutes = wave(AT, Role.ADMINISTRATOR), [AT + timedelta(minutes=n) for n in (1, 2, 3)]
    see()
    quiet = alarms.look(at=minutes[0])
    wave(minutes[1], Role.READER)
    see()
    again = wave(minutes[2], Role.ADMINISTRATOR)

    assert (first, quiet, again) == (2, 0, 2)


def test_an_hour_goes_over_midnight(customer: Customer, case_worker: User, administrator: User) -> None:
    midnight = AT.replace(hour=23, minute=0)  # in Norway
    read(case_worker, customer, 2, at=midnight - timedelta(minutes=10))
    before = alarms.look(at=midnight - timedelta(minutes=10))
    read(case_worker, customer, 1, at=midnight + timedelta(minutes=10))

    first = alarms.look(at=midnight + timedelta(minutes=10))
    read(case_worker, customer, 1, at=midnight + timedelta(minutes=20))
    second = alarms.look(at=midnight + timedelta(minutes=20))

    assert (before, first, second) == (0, 1, 0)
    assert Alarm.objects.get().number == 4


def test_an_integration_is_one_whichever_employees_it_names(
    client: Client, vendor: Any, customer: Customer, administrator: User, settings: Any
) -> None:
    at = timezone.now()
    for by in ("integration:erp", "integration:erp user:a@vendor.example", "integration:erp user:b@vendor.example"):
        record(by=by, at=at, target=customer, customer_id=customer.pk, what=AuditType.FETCHED, environment="SANDBOX")
    record(by="integration:erp2", at=at, target=customer, what=AuditType.FETCHED, environment="SANDBOX")

    settings.ALARMS = alarm_limits.Limits(log_ins=3, reading=2, exports=2, rows=9, hours=None, integrations=2)
    none = alarms.look(at=at)
    settings.ALARMS = alarm_limits.Limits(log_ins=3, reading=3, exports=2, rows=9, hours=None)
    alarms.look(at=at)
    client.force_login(administrator)
    shown = client.get("/sandbox/oversight/alarms/")

    assert (none, found()) == (0, [(K.READING, "SANDBOX", "integration:erp", 3)])
    assert "Integrasjonen erp" in shown.content.decode()
    acts = client.get(shown.context["rows"][0].url).content.decode().split('id="results"')[1]
    assert acts.count("gjennom erp") == 2


def test_a_look_costs_the_same_however_much_was_read(
    customer: Customer, case_worker: User, settings: Any, django_assert_max_num_queries: Any
) -> None:
    settings.ALARMS = alarm_limits.Limits(1000, 1000, 1000, 1000, None)
    read(case_worker, customer, 200)

    with django_assert_max_num_queries(10):
        alarms.look(at=AT)


def test_it_is_on_the_overview_until_somebody_has_seen_it(
    client: Client, customer: Customer, case_worker: User, administrator: User, vendor: Any
) -> None:
    at = timezone.now()
    read(case_worker, customer, 3, at=at)
    alarms.look(at=at)
    client.force_login(administrator)

    def lines(user: User) -> int:
        return sum(
            line.count for line in attention(user=user, environment=Environment.SANDBOX, at=at) if line.key == "alarms"
        )

    before = (lines(administrator), lines(case_worker))
    shown = client.get("/sandbox/oversight/alarms/").content.decode()
    row = Alarm.objects.get()
    client.post(f"/sandbox/oversight/alarms/{row.pk}/seen/")
    client.post(f"/sandbox/oversight/alarms/{row.pk}/seen/")

    row.refresh_from_db()
    assert (before, lines(administrator)) == ((1, 0), 0)
    assert (case_worker.name in shown, "Mye lest på kort tid" in shown) == (True, True)
    assert row.seen_by == administrator.actor
    assert AuditEvent.objects.filter(what=AuditType.ALARM_SEEN).count() == 1


def test_each_new_administrator_has_a_link_and_many_cost_the_same(
    client: Client, administrator: User, vendor: Any
) -> None:
    """Also one who has another address by now."""
    client.force_login(administrator)
    client.get("/sandbox/oversight/alarms/")

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            client.get("/sandbox/oversight/alarms/")
        return len(asked)

    people = [make_user(Role.ADMINISTRATOR, f"{n}@vendor.example") for n in range(5)]
    for user in people:
        Alarm.objects.create(kind=K.ADMINISTRATOR, about=user.actor, day=AT, began_at=AT, newest_at=AT)
        if user == people[0]:
            one = queries()
    people[0].email = "new@vendor.example"
    save_user(user=people[0], by=administrator.actor, at=AT)

    assert queries() == one
    rows = client.get("/sandbox/oversight/alarms/").context["rows"]
    assert {row.url for row in rows} == {f"/sandbox/people/{user.pk}/" for user in people}


def test_alarms_are_for_those_who_keep_people(client: Client, vendor: Any, reader: User) -> None:
    client.force_login(reader)

    assert client.get("/sandbox/oversight/alarms/").status_code == 403


@pytest.mark.parametrize("hours", ["22", "25-06", "06-06", "kveld"])
def test_hours_that_are_none_stop_the_start(hours: str) -> None:
    with pytest.raises(BadSetting, match="ALARM_HOURS"):
        alarm_limits.read(Env({"ALARM_HOURS": hours}))
