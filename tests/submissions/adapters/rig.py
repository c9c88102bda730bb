"""A customer who may use one service, in the sandbox and in our tables; packages come from the adapter's own examples."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from portal.core.environments import addresses
from portal.sandbox.faults import Fault
from portal.sandbox.skatteetaten import cases
from submissions.adapters import ANSWERING, HAND_OVERS, adapter
from submissions.adapters.base import About, NamedFile
from submissions.models import Dialog, Submission
from submissions.period import Period, PeriodKind
from submissions.services import catalogue, material
from systemusers.models import Access, MaskinportenClient, System
from systemusers.services.system_register import save_system
from tests.kept import built
from tests.submissions.world import BY, World, make_draft, make_profile, queue_package

PERIODS = {
    PeriodKind.YEAR: Period.year(2025),
    PeriodKind.MONTH: Period.month(2025, 12),
    PeriodKind.NONE: Period(PeriodKind.NONE, date(2026, 3, 1)),
}


class Rig:
    """`service` is the first entry of the catalogue with this adapter that is on from the start."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.adapter = world, adapter(name)
        self.service = next(entry for entry in catalogue.services() if entry.enabled and entry.adapter == name)
        self._grant()
        world.app.state.settings.upload_control_seconds = 0  # tried elsewhere: here each planned call has one answer
        world.app.state.settings.case_control_seconds = 0  # one answer for each planned call

    def _grant(self) -> None:
        """The vendor has the scopes and the right, and the customer's access is one for this service alone."""
        world, resource = self.world, self.service.resources[0]

        def grant() -> tuple[MaskinportenClient, System, Access]:
            world.want_scopes(self.service.scopes)
            if resource not in world.system.rights:
                world.system.rights = [*world.system.rights, resource]
                save_system(system=world.system, by=BY, at=world.at)
                world.send_ours(world.system)
            profile = make_profile(world.system, resource, rights=[resource])
            return world.client, world.system, world.new_access(world.access.customer, profile)

        given = (self.service.id, self.service.scopes, resource)
        world.client, world.system, world.access = built("access for a service", *given, by=grant, world=world)
        world.forget_calls()

    @property
    def about(self) -> About:
        return About(self.world.access.customer.orgnr, self.period, self.service.id, self.service.options)

    @property
    def period(self) -> Period:
        return PERIODS[self.service.period]

    def files(self, *, wrong: bool = False) -> list[NamedFile]:
        return self.adapter.examples(self.about, name=self.world.access.customer.name, wrong=wrong)

    def small(self) -> dict[str, NamedFile]:
        """One file of each role, by role: the authority accepts it, and rejects it later when sums do not agree."""
        by_role = {self.adapter.inspect(file, self.about).role: file for file in reversed(self.files())}
        return {role: by_role[role] for role in self.adapter.roles if role in by_role}

    def queued(self) -> Submission:
        """A small package that is in the queue, due now."""
        return self._queue(list(self.small().values()))

    def queued_example(self, *, wrong: bool = False) -> Submission:
        """A whole example that is in the queue, due now."""
        return self._queue(self.files(wrong=wrong))

    def _queue(self, files: list[NamedFile]) -> Submission:
        if self.adapter.name in ANSWERING:
            submission = material.begin(dialog=self.asked(), by=BY, at=self.world.at)
        else:
            submission = make_draft(self.world.access, at=self.world.at, service=self.service.id, period=self.period)
        return queue_package(submission, [(file.name, file.content) for file in files], at=self.world.at)

    def asked(self) -> Dialog:
        """A dialog in which the authority asks, as the inbox has it."""
        world, access = self.world, self.world.access
        case = cases.open_case(
            world.app, orgnr=access.customer.orgnr, title="Kontroll", text="Send SAF-T", due_at=None, now=world.at
        )
        remote = world.app.state.dialogs[case.dialog_id]
        return Dialog.objects.create(
            environment="SANDBOX", customer=access.customer, access=access, dialog_id=case.dialog_id, org="ske",
            service_resource=remote.resource, status=remote.status, title="Kontroll", created_at=world.at,
            updated_at=world.at, content_updated_at=world.at, next_attempt_at=world.at,
        )  # fmt: skip

    @property
    def path(self) -> str:
        """Where the service is in the sandbox."""
        return urlsplit(self.service.base_url(addresses("SANDBOX"))).path

    @property
    def paths(self) -> tuple[str, ...]:
        """Where its calls go: all that a delivery changes there."""
        return (self.path,)

    def order(self, *, call: int, **fault: Any) -> None:
        """The call with this number, from 0, meets a fault."""
        values = {"kind": "status", "seconds": 0.0, **fault}
        self.world.app.faults.order(Fault(service="skatteetaten", path=self.path, after=call, **values))

    def finish(self, submission: Submission) -> Submission:
        """What the worker does until nothing moves any more, and what a person does where one must."""
        return self.world.settle(submission)

    def delivered_ids(self) -> list[str]:
        """What the remote has of it, each once."""
        return [received.id for received in self.world.received]

    def delivery_of(self, submission: Submission) -> str:
        """What the report says that the remote calls it."""
        return str(submission.transmission_id)


class HandOverRig(Rig):
    """A person finishes the report in Altinn. An instance that was made there and never used counts as another delivery."""

    def __init__(self, world: World, name: str) -> None:
        super().__init__(world, name)
        world.app.state.settings.virus_scan_seconds = 0

    @property
    def paths(self) -> tuple[str, ...]:
        return (self.path, "/apps/", "/platform/storage/")

    def order(self, *, call: int, **fault: Any) -> None:
        """The call that does the work of the planned call with this number."""
        service, after = MAKES[call]
        values = {"kind": "status", "seconds": 0.0, **fault}
        path = self.path if service == "skatteetaten" else ""
        self.world.app.faults.order(Fault(service=service, path=path, after=after, **values))

    def finish(self, submission: Submission) -> Submission:
        world = self.world
        world.settle(submission)
        while submission.status == "NEEDS_PERSON" or (submission.status == "DELIVERED" and submission.next_attempt_at):
            for instance in world.app.state.apps.instances.values():
                if instance.task == "confirmation":
                    world.control(f"/control/app-instances/{instance.id}/confirm")
            world.let_pass(max(0.0, (submission.next_attempt_at - world.at) / timedelta(seconds=1)))
            world.send(submission)
        return submission

    def delivered_ids(self) -> list[str]:
        return [one.id for one in self.world.app.state.apps.instances.values() if not one.deleted]

    def delivery_of(self, submission: Submission) -> str:
        return submission.receipt_reference


MAKES = [("skatteetaten", 0), ("skatteetaten", 1), ("apps", 0), ("apps", 2), ("apps", 3), ("apps", 5)]
"""The imitated service of each planned call of a tax return, and the number of the call among those to it."""


def rig_for(world: World, name: str) -> Rig:
    return HandOverRig(world, name) if name in HAND_OVERS else Rig(world, name)
