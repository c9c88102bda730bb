"""The report of the period before, fetched for an open draft by a worker, when a person asks for it.

The authority gives it as a start for the new one. It is compared with the draft and never sent.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from portal.core import lease
from portal.core.audit import record
from portal.core.audit_events import AuditType
from portal.core.lease import Hold
from portal.core.problems import code_of
from portal.core.required import required
from portal.gateways.errors import Refused
from portal.gateways.statuses import Kind, is_settling, kind_of
from submissions.adapters import EARLIER
from submissions.adapters.base import Context, Earlier, EarlierPage
from submissions.models import EarlierReport, Submission
from submissions.services import catalogue, remote
from submissions.services.drafting import checking, differences, drafts
from submissions.services.ways import about_of
from systemusers.services.client_relations.ways import settling_since
from systemusers.services.tokens import ABOUT_TOKEN

TASK = "submissions.tasks.fetch_earlier"
BATCH = 5
LONGEST_TURN = timedelta(seconds=60)
"""Then the worker puts the row back, due at once: a report may have thousands of forms."""


def is_offered(submission: Submission) -> bool:
    """Whether the authority gives the report of the period before for this service."""
    return submission.access is not None and catalogue.service(submission.service).adapter in EARLIER


def order(*, submission: Submission, by: str, at: datetime) -> None:
    """Have it fetched, also anew. Raises drafts.NotOpen, drafts.NotAllowed."""
    if submission.access is None or not is_offered(submission):
        raise drafts.NotOpen(submission, submission.status)
    availability = catalogue.availability(
        access=submission.access, service=catalogue.service(submission.service), customer=submission.customer
    )
    if not availability.is_allowed:
        raise drafts.NotAllowed(availability.reason)
    with drafts.editing(submission):
        record(by=by, at=at, target=submission, what=AuditType.EARLIER_ASKED)
        asked = {
            "requested_by": by,
            "requested_at": at,
            "fetched_at": None,
            "page": 0,
            "failures": 0,
            "problem_code": "",
        }
        EarlierReport.objects.update_or_create(submission=submission, defaults=asked)
        lease.make_due(EarlierReport.objects.filter(submission=submission), at=at)


def fetch_due(*, at: datetime, limit: int = BATCH) -> int:
    """Fetch a batch. Returns how many were taken."""
    rows = EarlierReport.objects.defer(None).select_related(
        "submission__customer", "submission__access__profile__system__client", "submission__access__customer"
    )
    return lease.work_batch(rows, fetch, task=TASK, at=at, limit=limit)


def fetch(hold: Hold[EarlierReport]) -> None:
    """Fetch what is not here yet, and compare. Raises what makes it wait."""
    if hold.row.submission.status not in drafts.OPEN or not is_offered(hold.row.submission):
        hold.finish()
        return
    while True:
        hold.renew()
        try:
            part = _ask(hold)
        except Refused as error:
            if not _needs_person(hold, error):
                raise
            hold.stop(code=code_of(error))
            return
        if part is None or part.next_page is None:
            _settle(hold, part)
            return
        hold.write(page=part.next_page, facts=dict(part.facts), remote_status=part.status[:50])
        if hold.age() > LONGEST_TURN:
            hold.finish(next_attempt_at=hold.now())
            return


def _ask(hold: Hold[EarlierReport]) -> EarlierPage | None:
    submission, service = hold.row.submission, catalogue.service(hold.row.submission.service)
    access = required(submission.access, because="the report is one where it is_offered")
    call = partial(_call, EARLIER[service.adapter], hold.row)
    return remote.with_token(access, service.scopes, call, at=hold.now())


def _call(adapter: Earlier, row: EarlierReport, token: str) -> EarlierPage | None:
    submission = row.submission
    context = Context(
        base_url=remote.base_url(submission),
        token=token,
        about=about_of(submission),
        body=b"",
        key=None,
        remote_ids={},
        counts={},
    )
    return adapter.fetch(context, page=row.page, before=(row.facts if row.page else None) or {})


def _needs_person(hold: Hold[EarlierReport], error: Refused) -> bool:
    """What Maskinporten refuses, and what may pass by itself, is asked again. The rest is shown with a button."""
    if isinstance(error, ABOUT_TOKEN) or kind_of(error) in (Kind.PASSES, Kind.TOKEN):
        return False
    submission = hold.row.submission
    approved_at = settling_since(access=submission.access, customer=submission.customer)
    return not (kind_of(error) == Kind.RIGHTS and is_settling(approved_at=approved_at, at=hold.now()))


def _settle(hold: Hold[EarlierReport], part: EarlierPage | None) -> None:
    """Store the whole, with its differences from the draft as it is now. The check of files compares again."""
    facts = dict(part.facts) if part else None
    with transaction.atomic():
        submission = Submission.objects.select_for_update().get(pk=hold.row.submission_id)
        hold.lock()
        found = []
        if facts is not None and submission.is_checked:
            documents = submission.documents.checked().defer(None).order_by("pk")
            found = differences.found(submission, facts, [checking.of_document(document) for document in documents])
        hold.finish(
            fetched_at=hold.now(),
            remote_status=part.status[:50] if part else "",
            page=0,
            facts=facts,
            differences=found,
        )
