"""The lived-in demonstration, built once: every state is there, both sides agree, and every page of a vendor in use answers."""

from __future__ import annotations

import faulthandler
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Customer, CustomerImport, SavedView, User
from portal.core.audit import AuditEvent
from portal.gateways import http
from portal.local import demo
from portal.local.lived_in import build
from portal.local.lived_in.stage import HERE, Stage
from portal.sandbox import Sandbox
from portal.sandbox.testing import Transport, shared_key_app
from submissions.models import Dialog, Expectation, Order, Submission
from submissions.services import catalogue, material
from submissions.services.inbox import presence
from systemusers.models import Access, Campaign, ClientRelation, CustomerMail, SigningKey, System
from systemusers.services.access import reconcile_system
from systemusers.services.keys.lifecycle import days_left
from tests.conftest import chromium
from tests.local.lived_in import looking
from tests.local.lived_in.crawling import Crawl
from tests.meta.test_addresses import OURS, address

pytestmark = pytest.mark.faults
MOST_QUERIES = 12
HIGHER = {"": 14, "oversight/who/": 14, "connection/": 13, "operation/": 13}
"""Pages that ask for more: of a trail that was never verified yet, two questions more are asked."""
ANSWERS = {200, 302, 405}
"""A page, the way back from an act that nothing is left to do for, and an act that is posted."""
PASSES_AT_ONCE = {"SENDING"}
"""States that last as long as a call does."""
A, S = Access.Status, Submission.Status


class Town:
    """What was built: the sandbox, and the present of both sides."""

    def __init__(self) -> None:
        self.app: Sandbox = shared_key_app(origin=settings.SANDBOX_URL)
        self.app.state.settings.allow_loopback_http = self.app.state.settings.knows_everybody = True
        self.app.state.settings.feedback_delay_seconds = 10
        self.now = timezone.now()
        self.told: list[tuple[str, int, int]] = []

    def build(self) -> None:
        demo.seed(at=self.now - build.BEGAN)
        with httpx.Client(transport=Transport(self.app), base_url=settings.SANDBOX_URL) as control:
            build.build(Stage(control, self.now), tell=lambda *words: self.told.append(words))


def every_state_of_an_access_is_there(town: Town) -> None:
    assert set(A.values) - set(Access.objects.values_list("status", flat=True)) == set()


def every_state_of_a_report_that_lasts_is_there(town: Town) -> None:
    missing = set(S.values) - set(Submission.objects.values_list("status", flat=True))

    assert missing == PASSES_AT_ONCE


def every_way_of_sending_was_used(town: Town) -> None:
    sent = {
        catalogue.service(s).adapter
        for s in Submission.objects.filter(delivered_at__isnull=False).values_list("service", flat=True)
    }

    assert sent >= {"rf1086", "gld_json", "amelding", "upload_xml", "upload_json", "dialog_upload", "altinn_app"}
    assert set(Order.objects.values_list("service", "status")) == {
        ("skattekorttilarbeidsgiver", "FETCHED"), ("kravogbetalinger", "FETCHED"),
    }  # fmt: skip


def what_a_case_worker_meets_is_there(town: Town) -> None:
    today = timezone.now()
    assert Customer.objects.count() >= 300
    assert CustomerImport.objects.get().status == "DONE"
    assert set(Campaign.objects.values_list("status", flat=True)) == {"DONE", "RUNNING"}
    assert ClientRelation.objects.filter(customer__isnull=False).exists()
    assert material.find_waiting(user=User.objects.get(email__startswith="ida"), environment=HERE).count() >= 3
    assert Dialog.objects.filter(due_at__gt=today).exists()
    assert CustomerMail.objects.exists()
    assert Expectation.objects.exists()
    assert SavedView.objects.exists()
    assert Customer.objects.filter(archived_at__isnull=False).exists()
    assert 0 < (days_left(SigningKey.objects.get(status="ACTIVE"), at=today) or 0) <= 30


def the_history_goes_over_months_and_never_past_the_present(town: Town) -> None:
    days = set(AuditEvent.objects.values_list("at__date", flat=True))

    assert len(days) > 25
    assert max(AuditEvent.objects.values_list("at", flat=True)) <= timezone.now()
    assert min(AuditEvent.objects.values_list("at", flat=True)) < town.now - timedelta(days=300)
    assert [done for _about, done, _total in town.told] == list(range(build.NUMBER))
    assert abs(town.app.clock.now() - timezone.now()) < timedelta(seconds=5)


def all_is_made_up(town: Town) -> None:
    assert all(orgnr[0] == "3" for orgnr in Customer.objects.values_list("orgnr", flat=True))
    assert all(
        mail.endswith(".example")
        for mail in Customer.objects.exclude(contact_email="").values_list("contact_email", flat=True)
    )


def both_sides_have_the_same_accesses_after_one_comparison(town: Town) -> None:
    missing = reconcile_system(system=System.objects.get(), at=timezone.now())

    live = {user.id for user in town.app.state.system_users.values() if not user.deleted}
    ours = Access.objects.filter(status__in=[*Access.USABLE, A.UNKNOWN])  # one that Altinn did not list for a moment
    assert missing == 0
    assert {str(row.altinn_id) for row in ours} == live


def no_dialog_is_taken_for_ours_when_its_access_has_ended(town: Town) -> None:
    ended = Dialog.objects.present().exclude(access__status__in=presence.FOLLOWED)

    assert list(ended.values_list("pk", "access__status")) == []
    assert Dialog.objects.filter(gone_reason=Dialog.Gone.NOT_OURS).exists()


def both_sides_have_the_same_reports(town: Town) -> None:
    received = town.app.state.skatteetaten.submissions.values()
    there = {one.id: one.feedback.verdict for one in received if one.feedback}
    ours = Submission.objects.filter(transmission_id__isnull=False).exclude(status=S.UNCERTAIN)
    judged = {str(row.transmission_id): row.status for row in ours.filter(status__in=[S.ACCEPTED, S.REJECTED])}
    words = {"accepted": S.ACCEPTED, "warning": S.ACCEPTED, "rejected": S.REJECTED}

    assert {key: words[verdict] for key, verdict in there.items() if key in judged} == {
        key: status for key, status in judged.items() if key in there
    }
    assert len(set(there) & set(judged)) > 50
    lost = Submission.objects.filter(status=S.UNCERTAIN).count()
    assert {one.id for one in received} >= {
        str(row.transmission_id) for row in ours if str(row.transmission_id) in there
    }
    assert len(received) - len({one.id for one in received} & {str(row.transmission_id) for row in ours}) == lost


PLAIN = [route for route, pattern in OURS if route.count("<") == route.count("<env:environment>") == 1]


def every_page_answers_within_its_queries(town: Town) -> None:
    client = Client()
    client.force_login(User.objects.get(email__startswith="ida@"))
    client.get("/sandbox/")
    wrong = {}

    for route in PLAIN:
        with CaptureQueriesContext(connection) as queries:
            reply: Any = client.get(address(route))
        bound = HIGHER.get(route.partition("/")[2], MOST_QUERIES)
        if reply.status_code not in ANSWERS or len(queries) > bound:
            wrong[route] = (reply.status_code, len(queries))

    assert wrong == {}


OTHERS = ("/accounts/login/", "/accounts/password/reset/", "/accounts/password/reset/done/", "/accounts/inactive/")
WRONG = ("/sandbox/nothing-here/", "/sandbox/views/save/")
"""404 and 405."""


def every_page_can_be_read_by_everybody(town: Town) -> None:
    """Every page of every app is met by its links, in the states that the demonstration has. `LOOKS=few` or `LOOKS=every` takes
    ten minutes or more: in a browser axe finds nothing, and nothing is cut off.
    """
    staff, stranger = Client(), Client()
    staff.force_login(User.objects.get(email__startswith="ida@"))
    crawl = Crawl(staff)
    crawl.walk("/sandbox/")
    crawl.try_missing()
    links = Crawl(stranger, beginning="/l/")
    links.walk(*sorted(crawl.of_strangers))
    assert [one for one in crawl.missing() if one.startswith("<env:environment>/")] == []
    path, asked = chromium(), os.environ.get("LOOKS")
    if path is None or asked is None:
        return
    faulthandler.cancel_dump_traceback_later()  # it takes as long as it takes
    looks = looking.EVERY if asked == "every" else looking.FEW
    ours = [
        *(url for urls in crawl.pages.values() for url in urls if "/preview/" not in url),
        *WRONG,
    ]  # a mail is in a frame
    theirs = [*(url for urls in links.pages.values() for url in urls), *OTHERS]

    found = [
        *looking.faults(staff, ours, looks=looks, browser_path=path),
        *looking.faults(stranger, theirs, looks=looks, browser_path=path),
    ]

    assert not found, "\n".join(found)


CHECKS: tuple[Callable[[Town], None], ...] = (
    every_state_of_an_access_is_there, every_state_of_a_report_that_lasts_is_there, every_way_of_sending_was_used,
    what_a_case_worker_meets_is_there, the_history_goes_over_months_and_never_past_the_present, all_is_made_up,
    both_sides_have_the_same_accesses_after_one_comparison, both_sides_have_the_same_reports,
    no_dialog_is_taken_for_ours_when_its_access_has_ended,
    every_page_answers_within_its_queries, every_page_can_be_read_by_everybody,
)  # fmt: skip


def test_the_demonstration_holds_what_it_promises(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built once; each failed check is told."""
    town, failed = Town(), []
    monkeypatch.setattr(http, "TRANSPORT", Transport(town.app))
    town.build()

    for check in CHECKS:
        try:
            check(town)
        except AssertionError as error:
            failed.append(f"{check.__name__}: {error}")

    assert not failed, "\n".join(failed)
