"""Sessions end after a while without activity, and after a working day."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import LogIn, User
from accounts.services import log_ins
from accounts.services.session_ends import BEGAN, SEEN
from accounts.services.visits import Visit
from portal.core.audit import AuditEvent
from tests.accounts.log_in import give_password
from tests.fixtures import make_operator


@pytest.fixture
def person(reader: User, settings: Any) -> Client:
    settings.SESSION_IDLE_MINUTES = 30
    client = Client()
    give_password(client, reader)
    return client


def shift(client: Client, **minutes: int) -> None:
    """As if so many minutes had passed since."""
    session = client.session
    for name, number in minutes.items():
        session[name] = int(time.time()) - number * 60
    session.save()


def test_an_idle_session_ends_and_the_page_says_why(person: Client) -> None:
    shift(person, **{SEEN: 30})

    reply = person.get("/sandbox/customers/", follow=True)

    assert reply.redirect_chain[-1][0] == "/accounts/login/?next=/sandbox/customers/"
    assert "Du ble logget ut etter 30 minutter uten aktivitet." in reply.text
    assert not LogIn.objects.exists()
    assert AuditEvent.objects.filter(what="logged-out").exists()


def test_activity_keeps_it(person: Client) -> None:
    shift(person, **{SEEN: 29})
    person.get("/sandbox/")

    assert time.time() - person.session[SEEN] < 60


def test_a_short_setting_is_kept_as_exactly(person: Client, settings: Any) -> None:
    settings.SESSION_IDLE_MINUTES = 1
    session = person.session
    session[SEEN] = int(time.time()) - 50
    session.save()

    person.post(reverse("still-here"))

    assert time.time() - person.session[SEEN] < 10


def test_a_page_that_asks_by_itself_is_no_activity(person: Client) -> None:
    shift(person, **{SEEN: 29})
    person.get("/sandbox/", headers={"HX-Request": "true"})
    assert time.time() - person.session[SEEN] > 28 * 60

    shift(person, **{SEEN: 31})
    ended = person.get("/sandbox/", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/sandbox/due/"})

    assert ended["HX-Redirect"] == "/accounts/login/?next=/sandbox/due/", "the whole page goes, not the fragment"


def test_who_writes_for_long_keeps_it(person: Client) -> None:
    shift(person, **{SEEN: 29})

    assert person.post(reverse("still-here")).status_code == 204
    assert time.time() - person.session[SEEN] < 60
    assert Client().post(reverse("still-here")).status_code == 401


def test_a_working_day_ends_it_whatever_happens(person: Client) -> None:
    shift(person, **{BEGAN: 12 * 60})

    reply = person.get("/sandbox/", follow=True)

    assert "innloggingen var 12 timer gammel" in reply.text


def test_django_admin_too(administrator: User, settings: Any) -> None:
    settings.SESSION_IDLE_MINUTES = 30
    client = Client()
    give_password(client, make_operator(administrator))
    shift(client, **{SEEN: 31})

    assert client.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")


def in_since(user: User, *, minute: int) -> Client:
    client, at = Client(), timezone.now() - timedelta(minutes=60 - minute)
    client.force_login(user)
    log_ins.began(user=user, session_key=client.session.session_key, visit=Visit(ip="192.0.2.1", agent="", at=at))
    return client


def test_of_many_sessions_of_one_person_the_oldest_end(reader: User, administrator: User) -> None:
    browsers = [in_since(reader, minute=minute) for minute in range(log_ins.MOST_OPEN + 2)]
    other = in_since(administrator, minute=0)

    inside = [browser.get("/sandbox/account/profile/").status_code for browser in browsers]

    assert inside == [302] * 2 + [200] * log_ins.MOST_OPEN
    assert other.get("/sandbox/account/profile/").status_code == 200
    assert AuditEvent.objects.filter(what="logged-out", by=log_ins.BY).count() == 2


def test_without_the_setting_idling_is_no_end(person: Client, settings: Any) -> None:
    settings.SESSION_IDLE_MINUTES = 0
    shift(person, **{SEEN: 500})
    before = person.session[SEEN]

    assert person.get("/sandbox/").status_code == 200
    assert person.session[SEEN] == before, "nothing is written for it"
    assert 'id="idle"' not in person.get("/sandbox/").text


def test_the_page_can_warn_in_time(person: Client) -> None:
    page = person.get("/sandbox/").text

    assert 'data-minutes="30"' in page
    assert reverse("still-here") in page


def test_a_session_of_an_earlier_release_begins_now(reader: User, settings: Any) -> None:
    settings.SESSION_IDLE_MINUTES = 30
    client = Client()
    client.force_login(reader)

    assert client.get("/sandbox/").status_code == 200
    assert time.time() - client.session[BEGAN] < 60
