"""A vendor's own system does all of it by the API and webhooks, while its receiver is down for an hour and the worker dies.

`CUSTOMERS=200` is the size of a year's end; the usual run is a small one.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from portal.local import demo
from submissions.adapters.base import About
from submissions.period import Period
from submissions.services import catalogue
from submissions.views.examples import examples
from tests.core.webhooks.receiver import Receiver, receiving
from tests.faults.conftest import Portal, wait_until
from tests.faults.erp import Erp, Report
from tests.faults.test_storm import workers
from tests.local.test_run import all_ended, wait_for

CUSTOMERS = int(os.environ.get("CUSTOMERS", "12"))
SERVICES = {
    "innrapportering-aksjonaerregisteroppgave": "2025", "innrapportering-boligsameie": "2025",
    "innrapportering-amelding": "2026-10",
}  # fmt: skip
PATIENCE = 120 + 6 * CUSTOMERS
"""Seconds for one part of the way."""
pytestmark = pytest.mark.faults


def reports() -> list[Report]:
    """One for each customer, of the three services in turn; the sums of some do not fit."""
    services = list(SERVICES.items())
    return [
        Report(orgnr, *services[number % 3], is_wrong=number % 7 == 4)
        for number, orgnr in enumerate(demo.orgnrs(CUSTOMERS, start=330_000_000))
    ]


def files_of(report: Report) -> list[dict[str, str]]:
    period, service = Period.found(report.period), catalogue.service(report.service)
    assert period
    about = About(report.orgnr, period, report.service, service.options)
    made = examples(about, name=f"Kunde {report.orgnr} AS", wrong=report.is_wrong)
    return [{"name": each.name, "text": each.getvalue().decode()} for each in made]


class Journey:
    """The portal, the vendor's system, and its receiver, which is up or down."""

    def __init__(self, portal: Portal) -> None:
        self.portal, self.receiver = portal, Receiver()
        self.up = receiving(self.receiver)
        self.up.__enter__()
        given = json.loads(portal.load(f"erp.make_ready({self.receiver.url!r})"))
        self.receiver.secret = given["signing"]
        base = f"http://127.0.0.1:{portal.environment['PORT']}/api/v1/"
        self.erp = Erp(base, given["client_id"], given["secret"], reports(), files_of)
        self.began, self.heard = time.monotonic(), 0
        self.seconds: dict[str, float] = {}

    def part(self, name: str) -> None:
        """Note how long the part of the way took that ends here."""
        self.seconds[name] = round(time.monotonic() - self.began, 1)
        self.began = time.monotonic()

    def listen(self) -> None:
        """The vendor's system works on what has come, each message verified by its signature when it came."""
        came = self.receiver.told[self.heard :]
        self.heard += len(came)
        self.erp.work_on(came)

    def until(self, is_so: Callable[[], bool]) -> None:
        wait_until(lambda: self.listen() or is_so(), seconds=PATIENCE)
        assert is_so(), (self.told(), self.seconds, self.hook(), self.portal.output.read_text()[-4000:])

    def told(self) -> Counter[str]:
        return Counter(" ".join(report.told) for report in self.erp.reports.values())

    def hook(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.portal.load("erp.hook()"))
        return found

    def received(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.portal.sandbox("GET", "submissions")
        return found

    def answer(self) -> int:
        """Customers approve in Altinn what has come there. Returns how many have."""
        asked = self.portal.sandbox("GET", "snapshot")["state"]["requests"].values()
        mine = [each for each in asked if each["orgnr"] in self.erp.reports]
        for each in mine:
            if each["status"] == "New":
                self.portal.sandbox("POST", f"requests/{each['id']}/approve")
        self.portal.load("hurry('Access')")  # nobody waits for the next look
        return len(mine)

    def go_down(self) -> None:
        self.up.__exit__(None, None, None)

    def come_up(self) -> None:
        self.up = receiving(self.receiver)
        self.up.__enter__()

    def kill_worker(self) -> None:
        """All of its processes at once."""
        victims = workers(self.portal)
        have_ended = all_ended(victims)
        for pid in victims:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for(have_ended, seconds=90)


@pytest.fixture
def journey(portal: Portal) -> Iterator[Journey]:
    portal.sandbox("PATCH", "settings", rights_cache_seconds=0, events_cache_seconds=0)
    made = Journey(portal)
    for orgnr in made.erp.reports:
        portal.sandbox("POST", "organisations", orgnr=orgnr, name=f"Kunde {orgnr} AS")
    yield made
    made.go_down()
    made.erp.http.close()


def give_access(journey: Journey) -> None:
    """Customers in, links out, approvals, and a report of each as soon as a webhook says that its customer has said yes."""
    journey.erp.bring_customers()
    links = journey.erp.ask()
    assert len(set(links)) == CUSTOMERS
    assert all(httpx.get(link, timeout=20).is_success for link in links[:12])  # more from one address are held back
    journey.part("asked")
    journey.portal.sandbox("POST", "faults", service="skatteetaten", kind="slow", seconds=1.0, times=10_000)
    journey.until(lambda: journey.answer() == CUSTOMERS and len(journey.erp.seen) >= CUSTOMERS // 2)
    journey.part("half approved")


def lose_an_hour(journey: Journey) -> None:
    """The worker is killed with reports in its hands, and the receiver is down."""
    wait_for(lambda: json.loads(journey.portal.load("held()")), seconds=PATIENCE)
    journey.kill_worker()
    journey.go_down()
    journey.portal.sandbox("DELETE", "faults")
    journey.portal.load("erp.an_hour_passes()")  # what the worker had is free again
    assert wait_until(lambda: journey.hook()["problem"] == "WEBHOOK_UNREACHABLE", seconds=PATIENCE)
    journey.portal.load("erp.an_hour_passes()")
    was_failing = wait_until(lambda: journey.hook()["on_overview"], seconds=PATIENCE)
    now = journey.hook()
    assert was_failing, now
    assert (now["problem"], now["is_paused"]) == ("WEBHOOK_UNREACHABLE", False), now
    assert now["waiting"] > 0, now
    journey.part("an hour without a receiver")


def go_on(journey: Journey) -> None:
    journey.come_up()
    journey.portal.load("erp.an_hour_passes()")
    erp = journey.erp
    journey.until(lambda: journey.answer() == CUSTOMERS and len(erp.by_reference) == CUSTOMERS)
    journey.until(lambda: all(report.verdict in ("accepted", "rejected") for report in erp.reports.values()))
    journey.until(lambda: journey.hook()["waiting"] == 0)
    journey.part("all verdicts")


def check_books(journey: Journey) -> None:
    """Each report once in the sandbox, with the verdict and the number that the vendor's books have."""
    theirs = {each["orgnr"]: each for each in journey.received()}
    ours = journey.erp.reports
    assert len(journey.received()) == len(theirs) == CUSTOMERS
    assert {orgnr: (row.receipt, row.verdict) for orgnr, row in ours.items()} == {
        orgnr: (each["id"], each["feedback"]["verdict"]) for orgnr, each in theirs.items()
    }
    verdicts = {True: "rejected", False: "accepted"}
    assert {orgnr: row.told for orgnr, row in ours.items()} == {
        orgnr: ["submission.delivered", f"submission.{verdicts[row.is_wrong]}"] for orgnr, row in ours.items()
    }


def check_messages(journey: Journey) -> None:
    """Every event of the feed came, of each subject in its order; what was worked on was worked on once."""
    feed, receiver = journey.erp.feed(), journey.receiver
    assert len(receiver.told) == len(receiver.got), "one had no good signature"
    assert sorted(journey.erp.seen) == sorted(event["id"] for event in feed)
    assert len(set(journey.erp.seen)) == len(journey.erp.seen)
    place = {event["id"]: int(event["sequence"]) for event in feed}
    subject = {event["id"]: event["subject"] for event in feed}
    for name in set(subject.values()):
        came = [place[ident] for ident in journey.erp.seen if subject[ident] == name]
        assert came == sorted(came), name
    kinds = Counter(event["type"] for event in feed)
    assert (kinds["access.approved"], kinds["submission.delivered"]) == (CUSTOMERS, CUSTOMERS)


def test_two_hundred_customers_by_the_api_alone(journey: Journey) -> None:
    give_access(journey)
    lose_an_hour(journey)
    go_on(journey)

    check_books(journey)
    check_messages(journey)
    hook, came = journey.hook(), [headers["webhook-id"] for headers, _content in journey.receiver.got]
    print({  # noqa: T201
        "customers": CUSTOMERS, "calls": journey.erp.calls, "messages": len(journey.erp.seen), "came twice": len(came) - len(set(came)),
        "seconds": journey.seconds, **hook,
    })  # fmt: skip
    assert journey.portal.process.poll() is None
