"""The first day of a vendor who is live: what stands in Altinn is taken over, customers are asked for more, and reports leave.

These are counts, not times: how many there are is what makes the difference. `SYSTEM_USERS`, `CHANGES` and `REPORTS` set them.
"""

from __future__ import annotations

import os
from collections import Counter

import pytest

from accounts.models import Customer
from submissions.models import Submission
from systemusers.models import Access, ChangeRequest, FoundSystemUser, Kind, SystemUser
from systemusers.services import access as accesses
from systemusers.services import adoption, changes, tokens
from systemusers.services.system_register import save_profile
from tests.fixtures import customer, portfolio, vendor
from tests.submissions.rows import own_storage
from tests.submissions.world import AGENT_PACKAGE, BY, PACKAGE, World, fresh, make_draft, package, queue_package, world

__all__ = ["customer", "own_storage", "portfolio", "vendor", "world"]
pytestmark = [pytest.mark.benchmark, pytest.mark.django_db]
SYSTEM_USERS = int(os.environ.get("SYSTEM_USERS", "2000"))
CHANGES = int(os.environ.get("CHANGES", "1000"))
REPORTS = int(os.environ.get("REPORTS", "500"))
DIALOGS = ("digdir:dialogporten",)


def made_elsewhere(world: World, number: int, **more: str | int) -> None:
    world.control("/control/bulk", {"organisations": number, "system_id": world.system.system_id, **more})


def listed(world: World) -> None:
    accesses.reconcile_system(system=fresh(world.system), at=world.at)


def take_all(world: World) -> None:
    for kind in Kind.values:
        rows = FoundSystemUser.objects.filter(system=world.system, kind=kind)
        if rows.waiting().exists():
            profile = adoption.default_profile(system=world.system, kind=kind, by=BY, at=world.at)
            adoption.take_over(rows=rows, profile=profile, by=BY, at=world.at, adopts=True)


def work_to_the_end(world: World) -> None:
    while adoption.take_over_due(at=world.at):
        pass


def questions(world: World) -> int:
    return len([r for r in world.transport.requests if r.method == "POST" and "/systemuser/request/" in r.url.path])


def test_all_system_users_become_accesses_and_nobody_is_asked(world: World) -> None:
    part = SYSTEM_USERS // 4
    for seed, (kind, references) in enumerate(
        [("standard", "orgnr"), ("standard", "guid"), ("standard", "number"), ("agent", "number")], start=10
    ):
        made_elsewhere(world, part, kind=kind, references=references, seed=seed)
    before = Access.objects.count()
    world.let_pass(minutes=11)
    listed(world)
    take_all(world)
    for _ in range(part // adoption.BATCH):  # then every worker dies for a while
        adoption.take_over_due(at=world.at)
    halfway = Access.objects.count() - before
    world.app.faults.clear()
    world.let_pass(minutes=30)
    work_to_the_end(world)

    made_elsewhere(world, 1, references="guid", seed=99)
    world.let_pass(hours=24)
    listed(world)
    work_to_the_end(world)

    taken = Access.objects.count() - before
    print(f"\n{taken} system users taken over, {halfway} of them before the interruption")
    assert halfway < 4 * part
    assert taken == 4 * part + 1
    assert Counter(SystemUser.objects.values_list("kind", flat=True))["AGENT"] == part
    assert Customer.objects.count() == SystemUser.objects.values("access__customer").distinct().count()
    assert questions(world) == 0
    for row in sample():
        assert tokens.system_user_token(access=row, scopes=DIALOGS, at=world.at)


def sample() -> list[Access]:
    """One of each kind and form of reference."""
    rows = Access.objects.loaded().filter(profile__name__startswith="Overtatt")
    by_form = {(row.profile.kind, row.external_ref[:6] if "-" in row.external_ref else "orgnr"): row for row in rows}
    return list(by_form.values())[:40]


def test_every_access_ends_in_the_right_state_after_many_change_requests(world: World) -> None:
    made_elsewhere(world, CHANGES)
    listed(world)
    take_all(world)
    work_to_the_end(world)
    Access.objects.filter(profile__name="Overtatt fra Altinn").update(
        rights_known_at=world.at, packages=[AGENT_PACKAGE]
    )
    world.system.packages = [*world.system.packages, PACKAGE]
    type(world.system).objects.filter(pk=world.system.pk).update(packages=world.system.packages)
    world.app.state.systems[world.system.system_id].packages.append(PACKAGE)
    profile = world.system.profiles.get(name="Overtatt fra Altinn")
    profile.packages = [PACKAGE]
    profile.rights = []
    save_profile(profile=profile, by=BY, at=world.at)
    while changes.mark_due(at=world.at):
        pass
    asked, _reasons = changes.ask_all(rows=changes.affected(profile), by=BY, at=world.at)
    while changes.send_due(at=world.at):
        pass
    acts = ["approve", "", "approve", "", "approve", "", "approve", "", "approve", "reject"]
    for number, change in enumerate(ChangeRequest.objects.order_by("pk")):
        if act := acts[number % len(acts)]:
            world.control(f"/control/change-requests/{change.correlation_id}/{act}")
    world.let_pass(minutes=6)
    while changes.poll_due(at=world.at):
        pass

    states = Counter(ChangeRequest.objects.values_list("status", flat=True))
    marked = Counter(Access.objects.filter(profile=profile).values_list("status", flat=True))
    print(f"\n{asked} asked: {dict(states)}, accesses {dict(marked)}")
    tenth = CHANGES // 10
    assert asked == CHANGES
    assert states == {"APPROVED": 5 * tenth, "SENT": 4 * tenth, "REJECTED": tenth}
    assert marked == {"APPROVED": 5 * tenth, "NEEDS_UPDATE": 5 * tenth}


def test_reports_that_are_sent_right_after_the_approvals_all_arrive(world: World) -> None:
    """Rights reach Skatteetaten a quarter of an hour after the approval."""
    world.control("/control/settings", {"rights_delay_seconds": 900}, method="PATCH")
    made_elsewhere(world, REPORTS)
    listed(world)
    take_all(world)
    work_to_the_end(world)
    rows = list(Access.objects.loaded().filter(profile__name="Overtatt fra Altinn"))
    for row in rows:
        draft = make_draft(row, at=world.at)
        queue_package(draft, package(draft), at=world.at)
    reports = Submission.objects.filter(access__in=rows)
    for _minute in range(120):
        world.work_submissions()
        if not reports.exclude(status="DELIVERED").exists():
            break
        world.let_pass(minutes=1)

    states = Counter(reports.values_list("status", flat=True))
    print(f"\n{REPORTS} reports: {dict(states)}")
    assert states == {"DELIVERED": REPORTS}
    assert len(world.received) == REPORTS
    assert fresh(rows[0]).status == "IN_USE"
