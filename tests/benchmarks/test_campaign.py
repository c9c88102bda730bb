"""A campaign of thousands, from a file to questions and mails, with its workers killed twice, and then the customers' answers.

`CAMPAIGN` and `ANSWERS` set how many customers there are, and how many of them answer.
"""

from __future__ import annotations

import faulthandler
import os
from collections import Counter

import pytest

from accounts.models import User, Vendor
from systemusers.models import Access
from tests.benchmarks.campaign_run import WORKERS, Run
from tests.benchmarks.process import Remote, remote
from tests.core.outbox.conftest import smtp
from tests.core.outbox.smtp import MailServer
from tests.fixtures import administrator, vendor

__all__ = ["administrator", "remote", "smtp", "vendor"]
CUSTOMERS = int(os.environ.get("CAMPAIGN", "10000"))
ANSWERS = int(os.environ.get("ANSWERS", "500"))


@pytest.mark.benchmark
@pytest.mark.django_db(transaction=True)
def test_nobody_is_asked_or_mailed_twice_and_the_answers_are_known_after_one_look(
    remote: Remote, smtp: MailServer, vendor: Vendor, administrator: User
) -> None:
    faulthandler.cancel_dump_traceback_later()  # it takes long, and fails by itself when nothing moves
    run = Run(remote, smtp, administrator, CUSTOMERS)
    run.order(run.prepare(vendor))

    run.work()
    doubles = run.check_asked_and_mailed()
    expected = run.answer(ANSWERS, seed=7)
    run.reconcile()

    known = dict(Access.objects.values_list("customer__orgnr", "status"))
    print(
        f"\n{CUSTOMERS} customers with {WORKERS} workers: {run.seconds:.0f} s, {CUSTOMERS / run.seconds:.1f} questions a second"
    )
    print(f"Killed at {run.halfway}. {doubles}")
    print(f"Answers: {dict(Counter(expected.values()))}, states {dict(Counter(known.values()))}")
    assert run.halfway[0]["asked"] < CUSTOMERS
    assert run.halfway[1]["mailed"] < CUSTOMERS
    assert (doubles["asked twice"], doubles["mailed twice"]) == (0, 0)
    assert known == {orgnr: expected.get(orgnr, "SENT") for orgnr in known}
