"""What a vendor has a few of, whatever its size: one row of each for the pages that show them, in every state where there are states.

Nothing in them is due.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from accounts.models import (
    Alarm,
    CustomerImport,
    CustomerImportRow,
    Integration,
    LogIn,
    Proposal,
    SavedView,
    User,
)
from accounts.services import proposals
from accounts.services.integrations import keeping
from portal.core.environments import Environment
from portal.core.webhooks import keeping as webhooks
from submissions.models import DeadlineDate, Heap, HeapFile, HeapPackage, ServiceSetting, Submission
from submissions.period import Period
from systemusers.models import Access, AccessProfile, ClientRelation, KeyRotation, Kind, System, Withdrawal
from tests.submissions.world import AGENT_PACKAGE
from tests.world import give_key

HERE = Environment.SANDBOX
CLIENTS = 30


def make_others(profile: AccessProfile, *, worker: User, administrator: User, services: tuple[str, ...]) -> None:
    """`worker` has the heap and the import, which only their owner and administrators see."""
    at = timezone.now()
    accesses = list(Access.objects.filter(status="IN_USE").select_related("customer").order_by("pk")[:80])
    _heap(worker, accesses, services, at)
    _import(worker, accesses, at)
    _accountant(profile.system, accesses, at)
    _keys(profile.system, administrator, at)
    _settings(worker, administrator, services[1], at)


def _heap(owner: User, accesses: list[Access], services: tuple[str, ...], at: datetime) -> None:
    """A package of each verdict, a draft in each state, and a file of each verdict."""
    heap = Heap.objects.create(environment=HERE, owner=owner, created_at=at, touched_at=at, sorted_at=at)
    about: dict[str, Any] = {"heap": heap, "service": services[0], **Period.year(2024).columns()}
    V = HeapPackage.Verdict
    own = iter(accesses)
    packages = [_package(about, next(own), verdict) for verdict in V for _twice in range(2)]
    packages += [_package(about, next(own), V.READY, wanted_at=at), _package(about, next(own), V.READY, access=None)]
    for status in Submission.Status:
        for row in Submission.objects.filter(status=status).select_related("customer").order_by("pk")[:2]:
            more = {"service": row.service, **row.period.columns(), "draft": row}
            packages.append(_package(about | more, row, V.READY))
    opened = Submission.objects.filter(status="DRAFT").order_by("pk").first()
    packages += [_package(about, next(own), V.OPEN_DRAFT, other=opened), _package(about, next(own), V.BEFORE)]
    HeapPackage.objects.bulk_create(packages)
    files = [
        HeapFile(
            heap=heap, package=package, filename=f"{package.customer_id}.xml", size=400, sha256=uuid.uuid4().hex * 2,
            verdict="SORTED", orgnr=package.customer.orgnr, service=package.service,
            period_kind=package.period_kind, period_start=package.period_start,
        )
        for package in packages
    ]  # fmt: skip
    codes = {"UNKNOWN_CUSTOMER": "UNKNOWN_CUSTOMER", "UNKNOWN_KIND": "NO_SERVICE", "SAME": "SAME_FILE"}
    for verdict in HeapFile.Verdict:
        choices = ",".join(services[:2]) if verdict == "CHOOSE" else ""
        rest = {"code": codes.get(verdict, "NO_PERIOD"), "verdict": verdict, "choices": choices}
        files += [HeapFile(heap=heap, filename=f"{verdict}.xml", size=400, sha256=uuid.uuid4().hex * 2, **rest)]
    HeapFile.objects.bulk_create(files)


def _package(about: dict[str, Any], of: Access | Submission, verdict: str, **fields: Any) -> HeapPackage:
    return HeapPackage(**{**about, "customer": of.customer, "verdict": verdict, **fields})


def _import(owner: User, accesses: list[Access], at: datetime) -> None:
    times = {"created_at": at, "touched_at": at, "status_at": at}
    names = ["orgnr", "name"]
    row = CustomerImport.objects.create(
        environment=HERE, owner=owner, filename="kunder.csv", content=b"Nummer;Navn", headings=names, columns=names,
        status="DONE", is_judged=True, ordered_by=owner, total=len(CustomerImportRow.Verdict), **times,
    )  # fmt: skip
    CustomerImportRow.objects.bulk_create(
        CustomerImportRow(
            customer_import=row, number=number, verdict=verdict, orgnr=access.customer.orgnr, values={},
            customer=access.customer if verdict in ("NEW", "CHANGED", "KNOWN") else None,
        )
        for number, (verdict, access) in enumerate(zip(CustomerImportRow.Verdict, accesses, strict=False), start=1)
    )  # fmt: skip
    Withdrawal.objects.create(environment=HERE, asked_by=owner, asked_at=at, total=3)


def _accountant(system: System, accesses: list[Access], at: datetime) -> None:
    """An access "for klienter", with clients who are customers and who are not."""
    purposes = {f"purpose_{language}": "levere oppgaver" for language in ("nb", "nn", "en")}
    agent = AccessProfile.objects.create(
        system=system, name="For klienter", kind=Kind.AGENT, rights=[], packages=[AGENT_PACKAGE], **purposes
    )
    access = Access.objects.create(
        environment=HERE, customer=accesses[-1].customer, profile=agent, external_ref="klienter", packages=agent.packages,
        rights_known_at=at, status="IN_USE", status_at=at, next_attempt_at=None,
    )  # fmt: skip
    ClientRelation.objects.bulk_create(
        ClientRelation(
            access=access, orgnr=one.customer.orgnr, name=one.customer.name, first_seen_at=at, seen_at=at,
            customer=one.customer if number % 2 else None, packages=agent.packages, next_attempt_at=None,
        )
        for number, one in enumerate(accesses[:CLIENTS])
    )  # fmt: skip


def _keys(system: System, administrator: User, at: datetime) -> None:
    old, new = give_key(system.client, at=at), give_key(system.client, number=1, status="NEW", at=at)
    KeyRotation.objects.create(
        client=system.client,
        old_key=old,
        new_key=new,
        is_manual=True,
        status_at=at,
        created_at=at,
        next_attempt_at=None,
    )
    proposals.propose(
        kind=Proposal.Kind.KEY_RETIRED, environment=HERE, target=old, about=old.kid, params={}, ground="x",
        shown=proposals.Shown("Ta nøkkelen ut av bruk", ["Alt stopper."]), by="user:x@vendor.example", at=at,
    )  # fmt: skip


def _settings(worker: User, administrator: User, service: str, at: datetime) -> None:
    row = Integration(name="lonn", environment=HERE, scopes=[], sees_all_customers=True)
    keeping.save_integration(integration=row, portfolios=[], user=administrator.within(HERE), at=at)
    webhooks.make(
        environment=HERE, url="https://hooks.vendor.example/portal", types=["access.changed"], by=administrator.actor,
        at=at,
    )  # fmt: skip
    changed = {"changed_by": "user:x", "changed_at": at}
    ServiceSetting.objects.get_or_create(environment=HERE, service=service, defaults={"is_on": True, **changed})
    DeadlineDate.objects.create(
        environment=HERE, service=service, day=date(2020, 3, 3), note="x", **Period.month(2020, 1).columns(), **changed
    )
    LogIn.objects.create(user=worker, session_key="x", began_at=at, seen_at=at)
    path = f"/{HERE.value.lower()}/customers/"
    for user in (worker, administrator):
        SavedView.objects.create(user=user, environment=HERE, path=path, name="Mine", query="q=elg")
    Alarm.objects.create(
        kind="READING", environment=HERE, about=worker.actor, day=at.date(), began_at=at, newest_at=at, seen_at=at
    )
