"""Rounds of reading as the worker does them, and the calls they cost."""

from __future__ import annotations

from typing import Any

from portal.sandbox.dialogs import Dialog as RemoteDialog
from portal.sandbox.dialogs import open_dialog
from portal.sandbox.faults import Fault
from submissions.adapters.rf1086.samples import example
from submissions.models import PollCursor, Submission
from submissions.services.inbox import attachments, cursors, poll, pull
from tests.submissions.world import RESOURCE, World, make_draft, queue_package

DIALOGS = "/platform/dialogporten/api/v1/enduser/dialogs"


def opened_dialogs(world: World) -> list[str]:
    """Calls that GET one dialog, which would mark it as seen."""
    gets = [c["path"] for c in world.app.calls if c["method"] == "GET" and c["path"].startswith(DIALOGS + "/")]
    return [path for path in gets if "/" not in path.removeprefix(DIALOGS + "/")]


class Reading:
    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def cursor(self) -> PollCursor:
        return PollCursor.objects.get(access=self.world.access)

    def poll(self) -> list[int]:
        """What sweep_cursors does; gives the dialogs that moved."""
        cursors.make_cursors(at=self.world.at)
        return list(poll.poll_due(at=self.world.at).moved)

    def pull(self) -> None:
        """What pull_dialogs and fetch_attachments do, until nothing is due."""
        while pull.pull_due(at=self.world.at) == pull.BATCH:
            pass
        while attachments.fetch_due(at=self.world.at) == attachments.BATCH:
            pass

    def round(self) -> None:
        self.poll()
        self.pull()

    def settle(self, submission: Submission, *, seconds: float = 30, rounds: int = 20) -> Submission:
        """Rounds with some time between them, until nothing is waited for."""
        for _ in range(rounds):
            self.world.let_pass(seconds)
            self.world.app.run_due()
            self.round()
        submission.refresh_from_db()
        return submission

    def delivered(self, *, wrong_sum: bool = False) -> Submission:
        """A report that Skatteetaten has taken in and has not answered yet."""
        customer, at = self.world.access.customer, self.world.at
        submission = make_draft(self.world.access, at=at)
        year = submission.period_start.year
        files = example(customer.orgnr, customer.name, year, shareholders=1, wrong_sum=wrong_sum)
        queue_package(submission, [(file.name, file.content) for file in files], at=at)
        return self.world.send(submission)

    def opens(self, *, orgnr: str = "", **fields: Any) -> RemoteDialog:
        """A service owner opens a dialog with the customer."""
        values: dict[str, Any] = {
            "service_resource": f"urn:altinn:resource:{RESOURCE}",
            "title": "Krav om opplysninger",
            "org": "ske",
        }
        values |= {"party_orgnr": orgnr or self.world.access.customer.orgnr, "now": self.world.at, **fields}
        return open_dialog(self.world.app, **values)

    def fault(self, service: str = "dialogporten", **fields: Any) -> None:
        values: dict[str, Any] = {"path": "", "kind": "status", "seconds": 0.0, **fields}
        self.world.app.faults.order(Fault(service=service, **values))

    def calls(self, path: str = "") -> list[str]:
        """Calls outside so far, as method and path."""
        return [f"{r.method} {r.url.path}" for r in self.world.transport.requests if path in r.url.path]
