"""A small campaign whose workers are killed twice; see `tests/benchmarks/test_campaign.py` for a large one."""

from __future__ import annotations

import pytest

from accounts.models import User, Vendor
from systemusers.models import Access
from tests.benchmarks.campaign_run import Run
from tests.benchmarks.process import Remote, remote
from tests.core.outbox.conftest import smtp
from tests.core.outbox.smtp import MailServer
from tests.fixtures import administrator, vendor

__all__ = ["administrator", "remote", "smtp", "vendor"]
CUSTOMERS, ANSWERS = 200, 60


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_every_customer_is_in_one_right_state_after_workers_were_killed(
    remote: Remote, smtp: MailServer, vendor: Vendor, administrator: User
) -> None:
    run = Run(remote, smtp, administrator, CUSTOMERS, lease=15, chunk=5)
    run.order(run.prepare(vendor))

    run.work()
    doubles = run.check_asked_and_mailed()
    expected = run.answer(ANSWERS, seed=3)
    run.reconcile()

    known = dict(Access.objects.values_list("customer__orgnr", "status"))
    assert 0 < run.halfway[0]["asked"] < CUSTOMERS, run.halfway
    assert 0 < run.halfway[1]["mailed"] < CUSTOMERS, run.halfway
    assert (doubles["asked twice"], doubles["mailed twice"]) == (0, 0)
    assert known == {orgnr: expected.get(orgnr, "SENT") for orgnr in known}
