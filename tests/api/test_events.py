"""The feed through the API: in order, from where one came to, and only what is about customers that the integration sees."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Customer, Portfolio, User
from portal.core.environments import Environment
from portal.core.feed import publish
from portal.core.feed.event import FeedEvent, Type
from portal.core.feed.retention import FEED
from portal.core.feed.tell import tell
from submissions.models import Document
from tests.api.erp import Erp, make_integration
from tests.fixtures import administrator, portfolio, vendor
from tests.submissions.opened.rig import Desk
from tests.submissions.orders.rig import ALL, Rig, person
from tests.submissions.world import World

__all__ = ["administrator", "portfolio", "vendor"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def erp(administrator: User, vendor: Any) -> Erp:
    return Erp(make_integration(administrator))


def happens(*subjects: str, type: Type = Type.SUBMISSION_ACCEPTED, customer: int | None = None) -> None:
    tell([
        FeedEvent(environment="SANDBOX", type=type, subject=each, customer_id_ref=customer, data={"status": "X"}, at=timezone.now())
        for each in subjects
    ])  # fmt: skip


def subjects(reply: Any) -> list[str]:
    return [item["subject"] for item in reply.json()["items"]]


def test_whoever_goes_on_where_they_came_to_gets_each_event_once(erp: Erp) -> None:
    happens("submissions/1", "submissions/2", "submissions/3")
    publish.publish()
    first = erp.get("/events", {"limit": 2}).json()
    rest = erp.get("/events", {"after": first["next"]}).json()
    nothing = erp.get("/events", {"after": rest["next"]}).json()
    happens("submissions/4")
    unplaced = erp.get("/events", {"after": nothing["next"]})
    publish.publish()
    later = erp.get("/events", {"after": nothing["next"]})

    assert [item["subject"] for item in first["items"] + rest["items"]] == [f"submissions/{n}" for n in (1, 2, 3)]
    assert (first["has_more"], rest["has_more"], nothing["items"], nothing["next"]) == (True, False, [], rest["next"])
    assert (subjects(unplaced), subjects(later)) == ([], ["submissions/4"])


def test_only_the_wanted_kind_and_the_own_environment(erp: Erp) -> None:
    happens("submissions/1")
    happens("accesses/2", type=Type.ACCESS_LOST)
    FeedEvent.objects.filter(subject="submissions/1").update(environment="TEST")
    publish.publish()

    assert subjects(erp.get("/events")) == ["accesses/2"]
    assert subjects(erp.get("/events", {"type": "access.lost"})) == ["accesses/2"]
    assert subjects(erp.get("/events", {"type": "dialog.received"})) == []
    assert erp.get("/events", {"type": "nothing"}).status_code == 422
    assert erp.get("/events", {"after": "9" * 19}).status_code == 422


def test_customers_that_the_integration_does_not_see_are_left_out(
    administrator: User, vendor: Any, portfolio: Portfolio
) -> None:
    erp = Erp(make_integration(administrator, portfolios=[portfolio]))
    ours, theirs = (
        Customer.objects.create(environment=Environment.SANDBOX, orgnr=orgnr, name="Kunde", portfolio=place)
        for orgnr, place in (("310987654", portfolio), ("310123455", None))
    )
    happens("submissions/1", customer=theirs.pk)
    happens("submissions/2", customer=ours.pk)
    happens("keys/3", type=Type.KEY_EXPIRING)
    publish.publish()

    assert subjects(erp.get("/events")) == ["submissions/2", "keys/3"]


def test_it_takes_its_scope(administrator: User, vendor: Any) -> None:
    erp = Erp(make_integration(administrator, scopes=["customers:read"]))

    assert erp.get("/events").status_code == 403


def test_a_cursor_moves_on_past_what_a_filter_hides(administrator: User, vendor: Any, portfolio: Portfolio) -> None:
    """Else it would be asked for again and again, and be too old one day although nothing was missed."""
    narrow = Erp(make_integration(administrator, portfolios=[portfolio]))
    theirs = Customer.objects.create(environment=Environment.SANDBOX, orgnr="310123455", name="Kunde")
    happens("keys/1", type=Type.KEY_EXPIRING)
    happens("submissions/2", "submissions/3", customer=theirs.pk)
    publish.publish()
    newest = str(FeedEvent.objects.get(subject="submissions/3").position)

    filtered = narrow.get("/events", {"type": "dialog.received"}).json()
    seen = narrow.get("/events").json()
    happens("keys/4", type=Type.KEY_EXPIRING)
    publish.publish()
    later = narrow.get("/events", {"after": seen["next"]})

    assert (filtered["items"], filtered["next"], seen["next"]) == ([], newest, newest)
    assert (subjects(later), later.json()["has_more"]) == (["keys/4"], False)


def test_a_cursor_behind_what_is_deleted_is_told_where_to_go_on(erp: Erp) -> None:
    happens("submissions/1", "submissions/2", "submissions/3", "submissions/4")
    publish.publish()
    places = [str(place) for place in FeedEvent.objects.order_by("position").values_list("position", flat=True)]
    FeedEvent.objects.filter(subject__in=["submissions/1", "submissions/2"]).delete()

    old, just = erp.get("/events", {"after": places[0]}), erp.get("/events", {"after": places[1]})
    again = erp.get("/events", {"after": old.json()["oldest"]})

    assert (old.status_code, old.json()["code"], old.json()["oldest"]) == (410, "CURSOR_TOO_OLD", places[1])
    assert subjects(just) == subjects(again) == subjects(erp.get("/events")) == ["submissions/3", "submissions/4"]


@pytest.mark.parametrize("is_empty", [False, True])
def test_a_cursor_of_a_newer_database_is_told_where_to_go_on(erp: Erp, is_empty: bool) -> None:
    """As after a restore, when places begin lower than what was read: else nothing would come until they pass the cursor."""
    happens("submissions/1")
    publish.publish()
    place = FeedEvent.objects.get().position or 0
    if is_empty:
        FeedEvent.objects.all().delete()

    ahead, here = erp.get("/events", {"after": str(place + 1)}), erp.get("/events", {"after": str(place)})
    again = erp.get("/events", {"after": ahead.json()["oldest"]})

    assert (ahead.status_code, ahead.json()["code"], here.status_code) == (410, "CURSOR_UNKNOWN", 200)
    assert subjects(again) == ([] if is_empty else ["submissions/1"])


def test_after_a_restore_that_left_places_out_a_reader_just_goes_on(erp: Erp) -> None:
    happens("submissions/1")
    publish.publish()
    read = str((FeedEvent.objects.get().position or 0) + 5)
    publish.skip_ahead()

    nothing = erp.get("/events", {"after": read})
    happens("submissions/2")
    publish.publish()

    assert (nothing.status_code, nothing.json()["next"]) == (200, read)
    assert subjects(erp.get("/events", {"after": nothing.json()["next"]})) == ["submissions/2"]


def test_the_newest_event_stays_for_whoever_was_away(erp: Erp) -> None:
    happens("submissions/1", "submissions/2")
    publish.publish()
    first = str(FeedEvent.objects.earliest("pk").position)
    FEED.find(timezone.now() + timedelta(days=1)).delete()

    assert list(FeedEvent.objects.values_list("subject", flat=True)) == ["submissions/2"]
    assert erp.get("/events", {"after": first}).status_code == 200
    FeedEvent.objects.update(position=int(first) + 2)
    assert erp.get("/events", {"after": first}).status_code == 410


@pytest.mark.parametrize("after", ["x", "-1", "1" * 20])
def test_what_is_no_cursor_is_named(erp: Erp, after: str) -> None:
    reply = erp.get("/events", {"after": after})

    assert (reply.status_code, reply.json()["errors"][0]["field"]) == (422, "after")


def test_receipts_letters_and_answers_are_told_with_what_they_belong_to(erp: Erp, world: World) -> None:
    desk = Desk(world)
    letter, report = desk.letter(), desk.reading.delivered()
    rig = Rig(world, "skattekorttilarbeidsgiver")
    order = rig.finish(rig.ask(kind=ALL, listed=person("4").encode()))
    publish.publish()

    told = erp.get("/events", {"type": "document.stored", "limit": 500}).json()["items"]

    receipt = Document.objects.get(submission=report, role="RECEIPT")
    about = {item["subject"]: item["data"] for item in told}
    assert about[f"documents/{receipt.pk}"] == {"role": "RECEIPT", "submission": str(report.reference)}
    assert about[f"documents/{letter.documents.get().pk}"] == {"role": "FEEDBACK", "dialog": letter.dialog_id}
    assert about[f"orders/{order.reference}"] == {"status": "FETCHED"}
    assert all(erp.get(f"/{subject}").status_code == 200 for subject in about)
    assert not any(name.startswith("documents/") and data["role"] == "RESULT" for name, data in about.items())
