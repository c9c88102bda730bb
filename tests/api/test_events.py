"""The feed through the API: in order, from where one came to, and only what is about customers that the integration sees."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Customer, Portfolio, User
from portal.core.environments import Environment
from portal.core.feed import publish
from portal.core.feed.event import FeedEvent, Type
from portal.core.feed.tell import tell
from tests.api.erp import Erp, make_integration
from tests.fixtures import administrator, portfolio, vendor

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
