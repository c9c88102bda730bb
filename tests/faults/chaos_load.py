"""What the chaos does in a process with the portal's settings: reports, people, time that passes, and the comparison with the sandbox.

Called through `load.serve`.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import httpx
from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from accounts.models import followed
from portal.core import lease
from portal.core.environments import Environment
from portal.core.release import release
from portal.core.states import LostRace
from portal.desk.operation import waiting
from submissions.models import Activity, Dialog, Document, EventSubscription, PollCursor, Submission, Transmission
from submissions.services import restoring
from submissions.services.sending import again, found
from submissions.tasks import poll_cursors, send_submissions
from systemusers.models import Access, Kind
from tests.faults.examples import queue_example

BY = "task:chaos"
RIGHTS = ["ske-innrapportering-aksjonaerregisteroppgave", "ske-innrapportering-boligsameie"]
SERVICES = ("innrapportering-aksjonaerregisteroppgave", "innrapportering-boligsameie")
VERDICTS = {"accepted": "ACCEPTED", "warning": "ACCEPTED", "rejected": "REJECTED", "": "DELIVERED"}
SHOWN = 5
"""Differences of each kind that are printed."""
Status = Submission.Status


def progress() -> None:
    """Print how far the customers are: as JSON."""
    usable = Access.objects.filter(status__in=Access.USABLE)
    numbers = {
        "usable": usable.count(),
        "rights": usable.exclude(rights_known_at=None).count(),
        "read": PollCursor.objects.exclude(polled_at=None).count(),
        "subscribed": EventSubscription.objects.exclude(validated_at=None).count(),
        "subscriptions": EventSubscription.objects.count(),
        "dialogs": Dialog.objects.present().count(),
        "documents": Document.objects.count(),
        "reports": Counter(Submission.objects.order_by().values_list("status", flat=True)),
    }
    print(json.dumps(numbers))  # noqa: T201


def report(number: int, seed: int) -> None:
    """Reports of customers that have none; every third has a wrong sum. A worker is woken."""
    chance = random.Random(seed)
    rows = Access.objects.filter(status__in=Access.USABLE, submission__isnull=True, profile__kind=Kind.STANDARD)
    able = rows.filter(followed("customer"), rights__contains=RIGHTS)
    ids = list(able.order_by("pk").values_list("pk", flat=True))
    chosen = chance.sample(ids, k=min(number, len(ids)))
    for access in Access.objects.loaded().filter(pk__in=chosen).order_by("pk"):
        queue_example(access, chance.choice(SERVICES), wrong=chance.randrange(3) == 2)
    send_submissions.delay()


def come_due(number: int, seed: int) -> None:
    """Time passes for some of the customers: their next round is due."""
    ids = list(PollCursor.objects.order_by("pk").values_list("pk", flat=True))
    chosen = random.Random(seed).sample(ids, k=min(number, len(ids)))
    lease.make_due(PollCursor.objects.filter(pk__in=chosen), at=timezone.now())
    poll_cursors.delay()


def a_week_passes() -> None:
    """The reading of everything is due for every customer. It is the one that sees what vanished without an event."""
    at = timezone.now()
    PollCursor.objects.update(overlap_at=at, full_at=at, overlap_from=None, overlap_tokens=[], overlap_window=None)
    lease.make_due(PollCursor.objects.all(), at=at)
    poll_cursors.delay()


def people() -> None:
    """Do what the pages ask of people: give back what hangs, send again what failed, say whose delivery it is. Prints how much."""
    at, done = timezone.now(), Counter[str]()
    for row in waiting.left(at=at):
        held = waiting.find_left(kind=row.kind.code, pk=row.pk, at=at)
        if held is not None:
            try:
                release(held, by=BY, at=at)
                done[f"released {row.kind.code}"] += 1
            except LostRace:
                done["worker lives"] += 1
    for submission in Submission.objects.filter(status=Status.FAILED, corrections__isnull=True):
        if again.may_try_again(submission):
            again.try_again(submission=submission, by=BY, at=at)
            done[f"sent again after {submission.problem_code}"] += 1
    for submission in Submission.objects.filter(status=Status.NEEDS_PERSON):
        open_ones = found.find_open(submission)
        if found.is_asked(submission) and open_ones:
            shown = frozenset(one.pk for one in open_ones)
            found.take_over(submission=submission, shown=shown, chosen=open_ones[0].pk, by=BY, at=at)
            done["taken over"] += 1
    send_submissions.delay()
    print(json.dumps(done))  # noqa: T201


def held() -> None:
    """Print what is held after a restore, by environment, as JSON: how many accesses are not read yet."""
    at = timezone.now()
    rows = {each: restoring.progress(environment=each, at=at) for each in Environment}
    print(json.dumps({each: found.unread for each, found in rows.items() if found}))  # noqa: T201


def reports() -> None:
    """Print how often a report of each customer, service and period stands at Skatteetaten, as JSON."""
    url = f"{settings.SANDBOX_URL}/control/submissions"
    rows = httpx.get(url, timeout=60).raise_for_status().json()
    print(json.dumps(Counter(f"{row['orgnr']} {row['service']} {row['period']}" for row in rows)))  # noqa: T201


def unsettled() -> None:
    """Print the reports here that have no verdict yet, as JSON, each as `reports` names it: somebody may still send them."""
    rows = Submission.objects.exclude(status__in=[Status.ACCEPTED, Status.REJECTED]).select_related("customer")
    print(json.dumps([f"{row.customer.orgnr} {row.service} {row.period}" for row in rows]))  # noqa: T201


def hurry() -> None:
    """The waits after failures are over."""
    at = timezone.now()
    for kind in {one.rows().model for one in waiting.KINDS}:
        lease.make_due(kind._base_manager.filter(next_attempt_at__gt=at, failures__gt=0), at=at)


# What the portal holds, beside what the sandbox holds.


def compare() -> None:
    """Print what differs, as JSON: of each kind the number and some examples. Nothing: all is the same."""
    url = f"{settings.SANDBOX_URL}/control/bulk/contents"
    theirs = httpx.get(url, timeout=120).raise_for_status().json()
    ours = _dialogs()
    differences = {
        "not here": _examples(set(theirs["dialogs"]) - set(ours)),
        "not there": _examples(set(ours) - set(theirs["dialogs"])),
        "marked as seen": theirs["seen"],
        **_in_dialogs(ours, theirs["dialogs"]),
        **_in_reports(theirs["submissions"]),
    }
    print(json.dumps({name: some for name, some in differences.items() if some}, default=str))  # noqa: T201


def _examples(rows: Iterable[Any]) -> list[Any]:
    """Their number, and some of them."""
    some = sorted(rows, key=str)
    return [len(some), *some[:SHOWN]] if some else []


def _dialogs() -> dict[str, dict[str, Any]]:
    rows = Dialog.objects.present().select_related("customer")
    by_pk = {row.pk: row for row in rows}
    transmissions: dict[int, dict[str, Any]] = {pk: {} for pk in by_pk}
    for one in Transmission.objects.filter(dialog__in=rows):
        related = str(one.related_id or "")
        transmissions[one.dialog_id][str(one.transmission_id)] = [one.type, related, one.deleted_at is not None]
    activities: dict[int, list[str]] = {pk: [] for pk in by_pk}
    for pk, activity in Activity.objects.filter(dialog__in=rows).values_list("dialog", "activity_id"):
        activities[pk].append(str(activity))
    documents: dict[int, list[tuple[str, str]]] = {pk: [] for pk in by_pk}
    stored = Document.objects.filter(transmission__dialog__in=rows, transmission__deleted_at=None)
    for pk, ident, sha256 in stored.values_list("transmission__dialog", "attachment_id", "sha256"):
        documents[pk].append((ident, sha256))
    return {
        str(row.dialog_id): {
            "orgnr": row.customer.orgnr,
            "status": row.status,
            "title": row.title,
            "due_at": row.due_at,
            "updated_at": row.updated_at,
            "content_updated_at": row.content_updated_at,
            "labels": sorted(row.system_labels),
            "transmissions": transmissions[pk],
            "activities": sorted(activities[pk]),
            "documents": sorted(documents[pk]),
        }
        for pk, row in by_pk.items()
    }


TIMES = ("due_at", "updated_at", "content_updated_at")


def _in_dialogs(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, list[Any]]:
    differing: dict[str, list[str]] = {}
    for ident in ours.keys() & theirs.keys():
        other = theirs[ident]
        for name in TIMES:
            other[name] = datetime.fromisoformat(other[name]) if other[name] else None
        other["documents"] = sorted(other["documents"].items())
        for name, value in ours[ident].items():
            if [value] != [other[name]]:
                differing.setdefault(name, []).append(ident)
    return {f"other {name}": _examples(idents) for name, idents in differing.items()}


def _in_reports(theirs: Mapping[str, str]) -> dict[str, list[Any]]:
    """Reports that were given up for another one, and answered questions, are settled: everything else has a verdict."""
    rows = list(Submission.objects.filter(Q(corrections__isnull=True) | Q(delivered_at__isnull=False)))
    delivered = [str(row.transmission_id) for row in rows if row.transmission_id]
    settled = {Status.ACCEPTED, Status.REJECTED}
    wrong = [
        f"{row.pk} is {row.status} and was judged {theirs.get(str(row.transmission_id))}"
        for row in rows
        if row.transmission_id and row.status != VERDICTS[theirs.get(str(row.transmission_id), "")]
    ]
    open_ones = [f"{row.pk} {row.status} {row.problem_code}" for row in rows if row.status not in settled]
    return {
        "reports without a verdict": _examples(open_ones),
        "other verdicts": _examples(wrong),
        "delivered, not known here": _examples(set(theirs) - set(delivered)),
        "not delivered": _examples(set(delivered) - set(theirs)),
        "twice": _examples(one for one, number in Counter(delivered).items() if number > 1),
    }
