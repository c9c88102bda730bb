"""Where a service takes two persons, a watched folder is none of them: whoever drops a file could else approve it alone."""

from __future__ import annotations

from functools import partial

import pytest

from accounts.models import Role
from submissions.models import Approval, Heap, HeapPackage, Submission
from submissions.services import catalogue, local
from submissions.services.drafting.preflight import preflight, token
from submissions.services.heaps import ordering
from submissions.services.sending import approvals
from submissions.services.sending.queue import NeedsApproval, NotSecondPerson
from tests.fixtures import make_user
from tests.submissions.folders.rig import Desk
from tests.submissions.heaps.rig import HOUSING, work_to_the_end
from tests.submissions.world import BY


def test_a_service_for_two_persons_is_sent_by_two_and_the_folder_is_none_of_them(desk: Desk) -> None:
    ola, per = [make_user(Role.ADMINISTRATOR, f"{name}@vendor.example", name=name) for name in ("ola", "per")]
    require_two(desk)
    desk.drop("bolig.json", desk.report().content)  # by Ola, who may write into the folder

    desk.work()

    row, (result,) = Submission.objects.get(), desk.results("taken")
    assert (row.status, result["state"], result["reports"][0]["status"]) == ("READY", "NEEDS_PERSON", "READY")
    assert "Noen må sende innsendingen fra siden dens i portalen" in result["reports"][0]["problems"][0]
    assert ordering.to_send(heap=Heap.objects.get(), user=desk.user).ids == ()
    approve = partial(approvals.approve, submission=row, at=desk.at, shown=token(row, preflight(row)))
    with pytest.raises(NeedsApproval):
        approve(user=ola)
    approvals.ask(submission=row, by=ola.actor, at=desk.at)
    for first in (ola, desk.user):
        with pytest.raises(NotSecondPerson):
            approve(user=first)
    approve(user=per)
    assert desk.statuses() == ["QUEUED"]


def test_two_persons_that_are_required_after_the_folder_has_ordered_are_not_asked_by_it(desk: Desk) -> None:
    desk.drop("bolig.json", desk.report().content)
    desk.take()
    work_to_the_end(at=desk.at)
    desk.look()
    work_to_the_end(at=desk.at)
    desk.look()
    ordered = HeapPackage.objects.get().send_wanted_at

    require_two(desk)
    work_to_the_end(at=desk.at)

    assert ordered
    assert (desk.statuses(), Approval.objects.count(), HeapPackage.objects.get().not_sent) == (["READY"], 0, True)


def require_two(desk: Desk) -> None:
    local.switch_approval(service=catalogue.service(HOUSING), environment="SANDBOX", on=True, by=BY, at=desk.at)
