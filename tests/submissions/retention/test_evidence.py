"""The evidence of a report is kept for five years after its year, as the law says, and then goes; its history stays."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import Customer, User
from portal.core.audit import AuditEvent
from submissions.models import Call, Document, Submission
from submissions.services.documents import storage, storage_path
from submissions.services.retention.evidence import EVIDENCE
from tests.core.purging import purged
from tests.submissions.world import World

S = Submission.Status


def accepted(world: World) -> Submission:
    row = world.send(world.queued())
    Submission.objects.filter(pk=row.pk).update(status=S.ACCEPTED, decided_at=world.at, reasons=[{"text": "x"}])
    row.refresh_from_db()
    return row


def files(row: Submission) -> list[str]:
    return [storage_path(sha256) for sha256 in row.documents.values_list("sha256", flat=True)]


def test_it_stays_to_the_end_of_the_fifth_year_and_goes_once(world: World) -> None:
    row = accepted(world)
    paths, year = files(row), row.status_at.year

    assert paths
    assert purged("evidence", at=datetime(year + 5, 12, 31, 22, 59, tzinfo=UTC)) == 0
    assert all(storage().exists(path) for path in paths)
    assert purged("evidence", at=datetime(year + 6, 1, 1, 0, 1, tzinfo=UTC)) == 1
    assert purged("evidence", at=datetime(year + 6, 2, 1, tzinfo=UTC)) == 0

    row = Submission.objects.defer(None).get(pk=row.pk)
    assert not [path for path in paths if storage().exists(path)]
    assert (row.status, row.reasons, row.findings, row.documents.count()) == (S.ACCEPTED, [], [], 0)
    assert not Call.objects.defer(None).filter(submission=row, answer__isnull=False).exists()
    assert row.calls.exists(), "which calls were made is history"
    told = AuditEvent.objects.filter(target=f"submissions.Submission:{row.pk}", what="evidence-deleted")
    assert told.count() == 1


def test_the_page_of_the_report_goes_without_its_evidence(world: World, client: Client, administrator: User) -> None:
    row = accepted(world)
    purged("evidence", at=datetime(row.status_at.year + 6, 1, 2, tzinfo=UTC))
    client.force_login(administrator)

    page = client.get(f"/sandbox/submissions/{row.pk}/")

    assert page.status_code == 200
    assert "tiden de skal oppbevares, er ute" in page.text
    reply = client.get(f"/sandbox/submissions/{row.pk}/evidence/")
    reply.close()
    assert reply.status_code in (200, 302, 404)


def test_what_is_under_way_is_never_too_old(world: World) -> None:
    row = world.send(world.queued())

    assert row.status == S.DELIVERED
    assert purged("evidence", at=datetime(row.status_at.year + 20, 1, 1, tzinfo=UTC)) == 0


def test_no_setting_makes_it_shorter_than_the_law() -> None:
    from portal.core.env import BadSetting, Env
    from portal.core.retention import periods

    with pytest.raises(BadSetting, match="EVIDENCE_KEPT_YEARS"):
        periods.read(Env({"EVIDENCE_KEPT_YEARS": "4"}))

    assert periods.read(Env({"EVIDENCE_KEPT_YEARS": "0"}))["evidence"] == 0
    assert periods.read(Env({}))["evidence"] == 5


def test_a_file_that_another_report_has_too_stays(world: World) -> None:
    row = accepted(world)
    first = row.documents.first()
    Document.objects.create(
        customer=row.customer, role=first.role, filename="a.xml", media_type="x", size=1, sha256=first.sha256,
        stored_at=world.at,
    )  # fmt: skip

    purged("evidence", at=datetime(row.status_at.year + 6, 1, 2, tzinfo=UTC))

    assert storage().exists(storage_path(first.sha256))


def test_an_erasure_does_not_take_it(world: World, settings: Any) -> None:
    accepted(world)

    assert EVIDENCE.of_customer is None
    assert Customer.objects.exists()
