"""A campaign from a file of customers to mails sent, with workers that are killed, and the answers of the customers after it.

The sandbox, the workers and the mail server are real ones beside this process. `test_campaign` measures a large one,
`tests/faults/test_campaign_killed.py` runs a small one.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from accounts.models import Customer, User, Vendor
from portal.core.environments import Environment
from portal.core.outbox.message import OutboxMessage
from portal.gateways.altinn import RemoteRequest
from portal.sandbox.orgnr import check_digit
from systemusers.models import Access, AccessProfile, Campaign, CampaignRow, CustomerMail, System
from systemusers.services import access, tokens
from systemusers.services.access import answers
from systemusers.services.campaigns import gathering, ordering
from systemusers.services.invitations.settings import mail_plan
from systemusers.services.remote import system_user_requests
from systemusers.services.system_register.push import register_system
from tests.accounts.imports.rig import imported
from tests.benchmarks.process import Remote
from tests.core.outbox.smtp import MailServer
from tests.submissions.world import make_key
from tests.world import VENDOR_SCOPES, make_client, make_profile, make_system

WORKERS = 2
LOOKS = 10
"""Seconds between two looks at how far it is: they cost the database something."""
BY = "task:bench"
APPROVED, REJECTED, EXPIRED, FORWARDED, REMOVED = "APPROVED", "REJECTED", "EXPIRED", "FORWARDED", "REMOVED"
ACTS = {"approve": APPROVED, "reject": REJECTED, "escalate": FORWARDED, "age": EXPIRED, "delete": REMOVED}
"""What customers do in Altinn, and the state that the portal must give their access."""
WEIGHTS = (6, 3, 3, 3, 3)
Status = Access.Status


@dataclass
class Run:
    """`lease`: seconds that a dead worker's rows wait. `chunk`: customers asked in one transaction.

    `halfway`: how far the work was when the workers were killed.
    """

    remote: Remote
    smtp: MailServer
    user: User
    number: int
    lease: float = 180
    chunk: int = 500
    halfway: list[dict[str, int]] = field(default_factory=list)
    seconds: float = 0
    looked: float = 0

    # before the workers

    def prepare(self, vendor: Vendor) -> AccessProfile:
        """The sandbox knows the vendor, the client and the organisations; mails may leave at any time."""
        client = make_client(scopes=VENDOR_SCOPES)
        jwk = make_key(client, timezone.now())
        body = {"client_id": client.client_id, "orgnr": vendor.orgnr, "scopes": client.scopes, "jwks": {"keys": [jwk]}}
        self.remote.control("POST", "organisations", {"orgnr": vendor.orgnr, "name": vendor.name})
        self.remote.control("POST", "clients", body)
        system = make_system(client)
        register_system(system=system, by=BY, at=timezone.now())
        plan = mail_plan()
        plan.quiet_from = plan.quiet_to
        plan.skips_weekends = plan.skips_holidays = False
        plan.save()
        return make_profile(system)

    def file(self) -> str:
        """As people bring it: numbers of organisations that the sandbox has, names and addresses."""
        made = self.remote.control("POST", "bulk", {"organisations": self.number, "seed": 4})
        lines = [f"{orgnr};Kunde {orgnr} AS;post@k{orgnr}.example" for orgnr in self._numbers(made["first"])]
        return "\n".join(["Orgnr;Navn;E-post", *lines])

    def _numbers(self, first: str) -> Iterator[str]:
        stem, made = int(first[:8]), 0
        while made < self.number:
            digit = check_digit(str(stem))
            if digit is not None:
                made += 1
                yield f"{stem}{digit}"
            stem += 1

    def order(self, profile: AccessProfile) -> Campaign:
        """The file is imported and becomes a campaign, which workers judge and a person confirms."""
        text = self.file()
        imported(self.user, text, environment=Environment.SANDBOX)
        rows = gathering.of_list(text.encode(), environment=Environment.SANDBOX, user=self.user)
        decided = ordering.Settings(name="Alle", profile=profile)
        made = ordering.make(
            settings=decided, rows=rows, user=self.user, environment=Environment.SANDBOX, at=timezone.now()
        )
        with self.workers():
            self.until(lambda: Campaign.objects.get().status == Campaign.Status.READY)
        made.refresh_from_db()
        shown = ordering.token_of(made, ordering.number_of(made))
        ordering.start(campaign=made, user=self.user, shown=shown, at=timezone.now())
        return made

    # the workers

    @contextmanager
    def workers(self) -> Iterator[list[subprocess.Popen[str]]]:
        where = {
            "database": connection.settings_dict["NAME"], "sandbox": self.remote.origin, "smtp": self.smtp.port,
            "lease": self.lease, "chunk": self.chunk,
        }  # fmt: skip
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
        command = [sys.executable, "-m", "tests.benchmarks.campaigner"]
        made = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)
            for _ in range(WORKERS)
        ]
        try:
            for worker in made:
                assert worker.stdin is not None
                assert worker.stdout is not None
                worker.stdin.write(json.dumps(where) + "\n")
                worker.stdin.flush()
            for worker in made:
                assert worker.stdout is not None
                assert worker.stdout.readline() == "ready\n"
            yield made
        finally:
            for worker in made:
                worker.kill()
                worker.communicate()

    def work(self) -> None:
        """All is asked, sent and mailed by workers that are killed twice: while they ask, and while they send and mail."""
        began = time.monotonic()
        for reached in (self._has_begun_asking, self._has_mailed_half):
            with self.workers() as workers:
                self.until(reached)
                for worker in workers:
                    worker.send_signal(signal.SIGKILL)
            self.halfway.append(self.counts())
        with self.workers():
            self.until(self.is_done)
        self.seconds = time.monotonic() - began

    def _has_begun_asking(self) -> bool:
        return Access.objects.exists()

    def _has_mailed_half(self) -> bool:
        return len(self.smtp.mails) > self.number // 2

    def is_done(self) -> bool:
        """Nothing waits for a worker."""
        mails = CustomerMail.objects.filter(status__in=["SENT", "UNCERTAIN"]).count()
        return mails == self.number and not Campaign.objects.filter(status__in=Campaign.MOVING).exists()

    def until(self, is_so: Callable[[], bool], *, quiet: float = 400) -> None:
        """Fails when nothing has changed for `quiet` seconds. Prints how far it is."""
        before, since = self.counts(), time.monotonic()
        while not is_so():
            time.sleep(0.02)  # workers are stopped halfway
            if time.monotonic() - self.looked < LOOKS:
                continue
            self.looked, now = time.monotonic(), self.counts()
            print(f"{self.looked:.0f} s: {now}", flush=True)
            if now != before:
                before, since = now, time.monotonic()
            assert time.monotonic() - since < quiet, now

    def counts(self) -> dict[str, int]:
        return {
            "judged": CampaignRow.objects.exclude(verdict="WAITING").count(),
            "asked": CampaignRow.objects.filter(state="ASKED").count(),
            "sent": Access.objects.exclude(status=Status.DRAFT).count(),
            "put": CustomerMail.objects.count(),
            "mailed": len(self.smtp.mails),
            "noted": CustomerMail.objects.filter(status="SENT").count(),
        }

    # what became of it

    def requests(self) -> list[RemoteRequest]:
        """All that the sandbox lists of the system. As Altinn's, its list leaves out rows between two pages."""
        system = System.objects.get()
        token = tokens.vendor_token(client=system.own_client, scopes=(answers.READ,), at=timezone.now())
        return list(system_user_requests(Environment.SANDBOX).list(system.system_id, token=token, is_agent=False))

    def check_asked_and_mailed(self) -> dict[str, int]:
        """Every customer in one right state. Returns what was found twice, and how many mails may not have arrived."""
        with self._long_pages():
            asked = Counter(remote.orgnr for remote in self.requests())
        mailed = Counter(self.smtp.receivers)
        outbox = Counter(OutboxMessage.objects.values_list("status", flat=True))
        uncertain = CustomerMail.objects.filter(status="UNCERTAIN")
        unsure = set(uncertain.values_list("access__customer__contact_email", flat=True))
        everybody = dict(Customer.objects.values_list("orgnr", "contact_email"))
        assert CampaignRow.objects.filter(state="ASKED", access__status=Status.SENT).count() == self.number
        assert Access.objects.count() == CustomerMail.objects.count() == len(everybody) == self.number
        assert set(asked) == set(everybody)
        assert set(everybody.values()) - set(mailed) <= unsure
        assert outbox == Counter({"SENT": self.number - len(unsure), "UNCERTAIN": len(unsure)}) - Counter()
        assert len(unsure) <= 2 * WORKERS
        return {
            "asked twice": sum(number > 1 for number in asked.values()),
            "mailed twice": sum(number > 1 for number in mailed.values()),
            "unsure": len(unsure),
        }

    @contextmanager
    def _long_pages(self) -> Iterator[None]:
        """The sandbox's lists are whole."""
        before = self.remote.control("GET", "settings")["page_size"]
        self.remote.control("PATCH", "settings", {"page_size": 10_000})
        yield
        self.remote.control("PATCH", "settings", {"page_size": before})

    def answer(self, number: int, *, seed: int) -> dict[str, str]:
        """So many customers do something in Altinn. Returns the state that each must have, by number of organisation.

        Only Altinn's list tells of an escalated request, so one that it leaves out stays as it is.
        """
        draw = random.Random(seed)
        rows = draw.sample(sorted(Access.objects.values_list("altinn_id", "customer__orgnr")), number)
        acts = dict(zip(rows, draw.choices(list(ACTS), WEIGHTS, k=number), strict=True))
        for (request_id, _orgnr), act in acts.items():
            self._act(request_id, act)
        told = {remote.orgnr for remote in self.requests() if remote.escalated}
        states = {orgnr: ACTS[act] for (_id, orgnr), act in acts.items()}
        return {orgnr: state for orgnr, state in states.items() if state != FORWARDED or orgnr in told}

    def _act(self, request_id: str, act: str) -> None:
        if act == "delete":
            self.remote.control("POST", f"requests/{request_id}/approve", {})
            self.remote.control("DELETE", f"system-users/{request_id}")
        else:
            self.remote.control("POST", f"requests/{request_id}/{act}", {"days": 200} if act == "age" else {})

    def reconcile(self) -> None:
        """One look at everything: each request, the lists, and an hour later each access of which there was a sign that it is gone."""
        later = timezone.now() + timedelta(minutes=20)
        every_round(later)
        every_round(later + timedelta(minutes=70))


def every_round(at: datetime) -> None:
    steps: list[Any] = [access.poll_due, access.watch_due, access.reconcile_due, access.check_due]
    for step in steps:
        while step(at=at):
            pass
