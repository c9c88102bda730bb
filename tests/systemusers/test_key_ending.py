"""The administrators get a mail before a key ends, once for each threshold, each in their own language."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from accounts.models import Role, User
from portal.core.outbox.message import OutboxMessage
from systemusers import tasks
from systemusers.models import SigningKey
from systemusers.services import keys
from systemusers.services.keys import ending
from tests.fixtures import AT, make_user
from tests.systemusers.staff import page
from tests.systemusers.world import World, give_key, make_client

END = AT + timedelta(days=100)


def mails() -> list[tuple[str, str]]:
    """Address and subject of each, in order."""
    return [(row.address, row.payload["subject"]) for row in OutboxMessage.objects.order_by("pk")]


def warn_before(days: float) -> int:
    """How many mails there are after the sweep that many days before the end."""
    ending.warn(at=END - timedelta(days=days))
    return OutboxMessage.objects.count()


@pytest.fixture
def ends(world: World, administrator: User) -> SigningKey:
    SigningKey.objects.update(expires_at=END)
    return SigningKey.objects.get()


def test_there_is_one_mail_at_each_threshold_however_often_the_sweep_runs(ends: SigningKey) -> None:
    days = [61, 60, 59.9, 31, 30, 29, 8, 7, 6, 0.5, 0, -1]

    assert [warn_before(day) for day in days] == [0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]
    assert len(mails()) == len(keys.WARNINGS)


def test_the_thresholds_are_those_of_the_pages(ends: SigningKey) -> None:
    for period in keys.WARNINGS:
        moment = END - period
        before = OutboxMessage.objects.count()
        ending.warn(at=moment)

        assert OutboxMessage.objects.count() == before + 1
        assert keys.warning(END, at=moment) > keys.warning(END, at=moment - timedelta(seconds=1))


def test_a_key_that_is_renewed_is_warned_of_again(ends: SigningKey) -> None:
    warn_before(60)
    SigningKey.objects.update(expires_at=END + timedelta(days=365))

    ending.warn(at=END + timedelta(days=305))

    assert len(mails()) == 2


def test_each_administrator_reads_their_own_language_and_others_get_none(ends: SigningKey, case_worker: User) -> None:
    User.objects.exclude(pk=case_worker.pk).update(language="en", email="en@vendor.example")
    nynorsk = make_user(Role.ADMINISTRATOR, "nn@vendor.example", language="nn")
    make_user(Role.ADMINISTRATOR, "gone@vendor.example", is_active=False)

    ending.warn(at=END - timedelta(days=6))

    sent = dict(mails())
    assert sent.keys() == {"en@vendor.example", nynorsk.email}
    assert sent["en@vendor.example"] == "The Maskinporten key of Fjordtall expires in 6 days"
    assert sent[nynorsk.email] == "Maskinporten-nøkkelen til Fjordtall går ut om 6 dagar"


def test_the_mail_says_which_key_and_where_and_nothing_secret(ends: SigningKey) -> None:
    ending.warn(at=END - timedelta(days=6))

    text = OutboxMessage.objects.get().payload["text"]
    assert ends.kid in text
    assert "/sandbox/settings/" in text
    assert "PRIVATE" not in text


@pytest.mark.parametrize(
    "fields", [{"expires_at": None}, {"status": "NEW"}, {"status": "RETIRED", "private_pem": None}], ids=str
)
def test_only_a_key_in_use_with_a_known_end_is_warned_of(ends: SigningKey, fields: dict[str, object]) -> None:
    SigningKey.objects.update(**fields)

    assert warn_before(5) == 0


def test_the_task_warns(ends: SigningKey, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.timezone, "now", lambda: END - timedelta(days=3))

    tasks.warn_of_keys(later="an argument of a newer release")

    assert len(mails()) == 1


def test_an_unknown_end_is_shown_as_unknown_on_every_page(staff: Client, world: World) -> None:
    SigningKey.objects.update(expires_at=None, is_imported=True)

    overview, settings = page(staff, ""), page(staff, "settings/")

    assert "uten gyldig nøkkel" not in overview
    assert "utløper om" not in overview
    assert settings.count("Ukjent") == 2
    assert page(staff, "connection/")


def test_one_of_several_clients_without_a_key_is_named(staff: Client, world: World) -> None:
    other = make_client(client_id="second")
    type(other).objects.filter(pk=other.pk).update(name="Lønn")

    text = page(staff, "")

    assert "Lønn: ingenting kan sendes eller hentes med dem" in text


def test_settings_say_which_systems_sign_with_which_client(staff: Client, world: World) -> None:
    other = make_client(client_id="second")
    give_key(other, number=4)
    world.new_system(world.client)

    text = page(staff, "settings/")

    assert text.count("Signerer for") == 1
    assert text.count("Ingen systemer signerer med denne klienten") == 1
