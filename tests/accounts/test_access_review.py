"""The quarterly look at who may see whom: the list with the last use, the sign-off, and accounts that nobody uses."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AccessReview, Grant, LogIn, Role, User
from accounts.services import access_review, dormant
from accounts.services.staff import Rights, rights_of
from portal.core.audit import AuditEvent
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.core.outbox.message import OutboxMessage
from portal.desk.attention import attention
from tests.fixtures import AT, give

pytestmark = pytest.mark.django_db
URL = "/sandbox/oversight/review/"


@pytest.fixture
def page(client: Client, vendor: Any, administrator: User) -> Client:
    client.force_login(administrator)
    return client


def test_the_list_has_everybody_with_what_they_have_and_the_last_use(
    page: Client, case_worker: User, reader: User
) -> None:
    long_ago = timezone.now() - timedelta(days=100)
    User.objects.filter(pk=case_worker.pk).update(seen_at=long_ago, date_joined=long_ago)
    Grant.objects.filter(user=case_worker).update(given_at=timezone.now() - timedelta(days=300))
    User.objects.filter(pk=reader.pk).update(is_active=False)

    rows = {row.line.user: row for row in page.get(URL).context["rows"]}

    assert reader not in rows
    assert rows[case_worker].roles[0] == ("Sandkasse", "Saksbehandler", "Vest")
    assert rows[case_worker].remark == "Ikke brukt på lenge"


def test_a_sign_off_keeps_the_list_as_it_was(page: Client, administrator: User, case_worker: User) -> None:
    shown = page.get(URL).context["shown"]

    page.post(URL, {"shown": shown, "note": "Spurte Ola"})

    row = AccessReview.objects.get()
    kept = {each["email"]: each for each in row.people}
    assert (row.signed_by, row.note) == (administrator.actor, "Spurte Ola")
    assert kept[case_worker.email]["roles"] == {"SANDBOX": "CASE_WORKER", "TEST": "CASE_WORKER"}
    assert AuditEvent.objects.get(what=AuditType.ACCESS_REVIEWED).detail == {"number": 2}
    assert "Spurte Ola" in page.get(URL).content.decode()


def test_what_changed_meanwhile_is_looked_over_again(page: Client, case_worker: User) -> None:
    shown = page.get(URL).context["shown"]
    give(case_worker, Rights.everywhere(Role.ADMINISTRATOR))

    text = page.post(URL, {"shown": shown}).content.decode()

    assert "Se over på nytt" in text
    assert not AccessReview.objects.exists()


def test_a_visit_in_between_changes_nothing(page: Client, case_worker: User) -> None:
    shown = page.get(URL).context["shown"]
    User.objects.filter(pk=case_worker.pk).update(seen_at=timezone.now())

    page.post(URL, {"shown": shown})

    assert AccessReview.objects.exists()


@pytest.mark.parametrize(
    ("moment", "begins"),
    [("2026-11-30T12:00+00:00", "2026-10-01"), ("2026-12-31T23:30+00:00", "2027-01-01"), ("2026-03-31T12:00+00:00", "2026-01-01")],
)  # fmt: skip
def test_a_quarter_begins_in_norway(moment: str, begins: str) -> None:
    assert access_review.begins(datetime.fromisoformat(moment)).date().isoformat() == begins


def test_it_is_due_once_a_quarter_and_not_for_a_new_installation(vendor: Any, administrator: User) -> None:
    """AT is in the fourth quarter."""

    def lines(at: datetime) -> int:
        found = attention(user=administrator, environment=Environment.SANDBOX, at=at)
        return sum(line.count for line in found if line.title == "Hvem har tilgang til hva?")

    Grant.objects.update(given_at=AT - timedelta(days=10))
    new = lines(AT)
    Grant.objects.update(given_at=AT - timedelta(days=100))
    due = lines(AT)
    access_review.sign(user=administrator, shown=access_review.ground(access_review.lines()), note="", at=AT)

    assert (new, due, lines(AT), lines(AT + timedelta(days=60))) == (0, 1, 0, 1)


def test_it_is_for_those_who_keep_people(client: Client, vendor: Any, case_worker: User) -> None:
    client.force_login(case_worker)

    assert (client.get(URL).status_code, client.get("/sandbox/oversight/control/").status_code) == (403, 403)


def test_the_control_questions_are_answered_from_what_is_there(page: Client, reader: User, settings: Any) -> None:
    settings.TWO_PERSONS = {"keys": frozenset({"SANDBOX"})}

    text = page.get("/sandbox/oversight/control/").content.decode()

    assert "2 ansatte har hver sin konto" in text
    assert "krever to personer" in text
    assert f'href="{URL}"' in text
    assert "Loggen er ikke funnet hel ennå" in text


class TestDormant:
    @pytest.fixture(autouse=True)
    def unused(self, settings: Any, administrator: User, reader: User) -> None:
        """The administrator was here yesterday; the reader has not been for 170 days."""
        settings.DORMANT_DAYS = 180
        Grant.objects.update(given_at=AT - timedelta(days=400))
        User.objects.update(date_joined=AT - timedelta(days=1000))
        User.objects.filter(pk=administrator.pk).update(seen_at=AT - timedelta(days=1))
        User.objects.filter(pk=reader.pk).update(seen_at=AT - timedelta(days=170))

    def test_the_owner_is_told_and_the_account_closed_two_weeks_later(self, reader: User, administrator: User) -> None:
        LogIn.objects.create(user=reader, session_key="x", began_at=AT, seen_at=AT)
        closed = [dormant.close(at=AT + timedelta(days=day)) for day in (0, 1, 13, 14, 15)]

        reader.refresh_from_db()
        assert closed == [0, 0, 0, 1, 0]
        assert (reader.is_active, rights_of(reader), LogIn.objects.exists()) == (False, Rights(), False)
        [mail] = OutboxMessage.objects.filter(key__startswith="staff-dormant")
        assert (mail.address, "7. desember 2026" in mail.payload["text"]) == (reader.email, True)
        assert User.objects.get(pk=administrator.pk).is_active

    def test_a_visit_keeps_it(self, reader: User) -> None:
        dormant.close(at=AT)
        User.objects.filter(pk=reader.pk).update(seen_at=AT + timedelta(days=5))

        assert dormant.close(at=AT + timedelta(days=20)) == 0

    def test_nobody_is_closed_without_having_been_told(self, reader: User) -> None:
        User.objects.filter(pk=reader.pk).update(seen_at=AT - timedelta(days=900))

        assert [dormant.close(at=AT + timedelta(days=day)) for day in (0, 13, 14)] == [0, 0, 1]

    def test_the_last_who_keeps_people_stays(self, reader: User, administrator: User) -> None:
        User.objects.update(seen_at=AT - timedelta(days=900))
        for day in (0, 14, 15):
            dormant.close(at=AT + timedelta(days=day))

        assert [user.is_active for user in (fresh(administrator), fresh(reader))] == [True, False]

    def test_it_is_off_without_the_setting(self, settings: Any) -> None:
        settings.DORMANT_DAYS = 0

        assert [dormant.close(at=AT + timedelta(days=day)) for day in (0, 30)] == [0, 0]
        assert not OutboxMessage.objects.exists()


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)
