"""What the chapters of the demonstration share: the day that is told, the sandbox's control calls, and the workers' rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from time import monotonic
from typing import Any

import httpx
from django.utils import timezone

from accounts.models import Customer, User
from accounts.services.imports import work as imports
from portal.core.environments import Environment
from portal.core.outbox import delivery
from portal.core.working_days import is_working_day
from submissions.services.drafting import package_check
from submissions.services.heaps import work as heaps
from submissions.services.inbox import attachments, cursors, poll, presence, pull
from submissions.services.orders import work as orders
from submissions.services.sending import send
from systemusers.services import access as accesses
from systemusers.services import changes, client_relations, invitations, offered
from systemusers.services.campaigns import work as campaigns

HERE = Environment.SANDBOX
MOST_ROUNDS = 60
"""Of one kind in one go: what is due again at once, such as a refusal that is repeated, does not hold the rest up."""


def nothing() -> None:
    """No other worker is woken: the rounds here go on until nothing is due."""


@dataclass
class Stage:
    """`now` is the present. The moment that is told goes on while it is told, as the sandbox's clock does."""

    sandbox: httpx.Client
    now: datetime
    _set_to: datetime = field(init=False)
    _set_when: float = field(init=False, default_factory=monotonic)

    def __post_init__(self) -> None:
        self._set_to = self.now

    # Time.

    @property
    def at(self) -> datetime:
        """The moment that is told."""
        return self._set_to + timedelta(seconds=monotonic() - self._set_when)

    def go_to(self, days_ago: float, hour: int = 10) -> None:
        """To a working day about so long ago, on both sides. Never back, and never past the present."""
        day = timezone.localdate(self.now - timedelta(days=days_ago))
        while not is_working_day(day):
            day -= timedelta(days=1)
        moment = timezone.make_aware(datetime.combine(day, time(hour)))
        self._set(min(max(moment, self.at), self.now))

    def begin_at(self, moment: datetime) -> None:
        self._set(moment)

    def let_pass(self, **period: float) -> None:
        """Until the present, at most."""
        self._set(max(self.at, min(self.at + timedelta(**period), self.now)))

    def come_back(self) -> None:
        """To the time of the machine."""
        self._set(timezone.now())

    def _set(self, moment: datetime) -> None:
        self._set_to, self._set_when = moment, monotonic()
        self.control("PUT", "/control/clock", {"now": moment.isoformat()})

    # The other parties.

    def control(self, method: str, path: str, body: Any = None) -> Any:
        reply = self.sandbox.request(method, path, json=body if body is not None else {}).raise_for_status()
        return reply.json() if reply.content else None

    def introduce(self, customers: Iterable[Customer]) -> None:
        """The authorities know them, each with somebody who may approve."""
        for customer in customers:
            persons = [{"name": customer.contact_name or "Kari Nordmann", "roles": ["DAGL"]}]
            body = {"orgnr": customer.orgnr, "name": customer.name, "persons": persons}
            self.control("POST", "/control/organisations", body)

    # Who works here.

    @staticmethod
    def person(login: str) -> User:
        return User.objects.get(email__startswith=f"{login}@")

    # What the workers do, until nothing is due.

    def ask(self) -> None:
        """Campaigns, questions to Altinn, and the mails to customers."""
        self.repeat(campaigns.run)
        self.repeat(accesses.send_due)
        self.repeat(invitations.work_due)
        self.mail()

    def mail(self) -> None:
        self.repeat(delivery.send_due)
        self.repeat(invitations.note_results)

    def hear(self) -> None:
        """What customers have answered."""
        self.repeat(accesses.poll_due)
        self.repeat(accesses.watch_due)
        self.repeat(changes.poll_due)

    def send(self) -> None:
        self.repeat(package_check.run)
        self.repeat(lambda at: send.send_due(at=at, when_full=nothing), times=6)

    def read(self) -> None:
        """The dialogs of all accesses, and what is in them; those of accesses that have ended are marked as not ours."""
        cursors.make_cursors(at=self.at, everything=True)
        self.repeat(lambda at: presence.sweep(at=at, everything=True), times=1)
        self.repeat(lambda at: poll.poll_due(at=at).taken)
        self.repeat(pull.pull_due)
        self.repeat(attachments.fetch_due)

    def order(self) -> None:
        self.repeat(orders.work_due)

    def sort(self) -> None:
        self.repeat(heaps.run)

    def take_in(self) -> None:
        """Imports, and the clients of accountants."""
        self.repeat(imports.run)
        self.repeat(client_relations.refresh_due)
        self.repeat(client_relations.take_in_due)

    def look_around(self) -> None:
        """What Altinn lists: packages, resources."""
        offered.read_due(environments=[HERE], at=self.at)

    def repeat(self, batch: Callable[..., int | None], *, times: int = MOST_ROUNDS) -> None:
        for _round in range(times):
            if not batch(at=self.at):
                return
