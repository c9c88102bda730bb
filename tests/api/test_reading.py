"""What an integration reads is in the trail with its address and its name, and much of it raises the alarm."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Alarm, User
from accounts.services import alarms
from portal.core import alarm_limits
from portal.core.audit import AuditEvent
from submissions.models import Document
from systemusers.models import Access
from tests.api.erp import Erp
from tests.submissions.test_queue import make_ready

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(access: Access) -> Document:
    submission = make_ready(access)
    row = submission.documents.first()
    assert row is not None
    return row


def read(erp: Erp, path: str, **headers: str) -> int:
    reply = erp.get(path, **headers)
    if reply.streaming:
        reply.getvalue()
        for close in reply._resource_closers:
            close()
    return int(reply.status_code)


def test_a_file_a_package_and_a_link_are_read_from_an_address_by_the_integration_and_the_employee(
    erp: Erp, document: Document, access: Access, case_worker: User
) -> None:
    for path in (
        f"/documents/{document.pk}", f"/submissions/{document.submission.reference}/evidence", f"/accesses/{access.reference}/link",
    ):  # fmt: skip
        assert read(erp, path, **{"On-Behalf-Of": case_worker.email}) == 200

    events = list(AuditEvent.objects.filter(by__startswith="integration:").order_by("pk"))
    assert [event.what for event in events] == ["fetched", "evidence-fetched", "link-read"]
    assert {event.by for event in events} == {f"integration:erp {case_worker.actor}"}
    assert {event.detail["ip"] for event in events} == {"127.0.0.1"}
    assert {event.environment for event in events} == {"SANDBOX"}


def test_much_reading_is_an_alarm_that_leads_to_the_acts_with_the_address(
    erp: Erp, document: Document, access: Access, administrator: User, settings: Any
) -> None:
    settings.ALARMS = alarm_limits.Limits(log_ins=9, reading=2, exports=9, rows=9, hours=None)
    read(erp, f"/documents/{document.pk}")
    erp.get(f"/accesses/{access.reference}/link")

    alarms.look(at=timezone.now())
    client = Client()
    client.force_login(administrator)
    url = client.get("/sandbox/oversight/alarms/").context["rows"][0].url
    shown = client.get(url).content.decode().split('id="results"')[1]

    assert (Alarm.objects.get().kind, Alarm.objects.get().about) == ("READING", "integration:erp")
    assert (shown.count("Integrasjonen erp"), shown.count("127.0.0.1")) == (2, 2)


def test_reading_the_same_again_within_the_hour_is_one_row(erp: Erp, document: Document) -> None:
    for _ in range(3):
        read(erp, f"/documents/{document.pk}")

    assert AuditEvent.objects.filter(what="fetched").count() == 1
