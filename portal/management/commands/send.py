"""`manage.py send FOLDER`: sorts the files of a folder, makes drafts, and sends what needs no answer from a person."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.utils import timezone

from portal.core.heartbeat import is_working
from portal.explain import explain
from portal.management.acting import ActingCommand, add_mass, refuse, wrong
from submissions.models import Heap
from submissions.services.drafting.drafts import NotStored
from submissions.services.folders import driving, results, taking
from submissions.services.folders.places import Changed, NotUsable
from submissions.services.heaps import intake, ordering, removal
from submissions.services.heaps.archive import MOST_BYTES, MOST_FILES


class Command(ActingCommand):
    help = (
        "Sends the reports in a folder. Given again with the same files, it goes on, and sends nothing twice. Where a service takes "
        "two persons, the employee of --as is the first of them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("folder", type=Path)
        add_mass(parser)

    def act(self, *, folder: Path, dry_run: bool, yes: int | None, wait: float, **options: Any) -> None:
        began = timezone.now()
        heap, left = self._take(folder)
        is_new = heap.created_at >= began
        try:
            if not is_new and not driving.is_moving(heap):  # a customer may have been added, or an access given
                ordering.sort_again(heap=heap, at=timezone.now())
                driving.wake()
            self.wait(lambda: not driving.is_moving(heap), seconds=wait)
            fault = self._foretell(heap, left) if dry_run else ""
        finally:
            if dry_run and is_new:
                removal.delete(heap=heap, by=self.user.actor, at=timezone.now())
        if dry_run:
            self.say("Nothing was kept, and nothing was sent." if is_new else "Nothing was sent.")
            if fault:
                refuse(fault)
            return
        if driving.order_drafts(heap=heap, user=self.user, at=timezone.now()):
            self.wait(lambda: not driving.is_moving(heap), seconds=wait)
        self._send(heap, yes, wait)
        self._report(heap, left)

    def _take(self, folder: Path) -> tuple[Heap, list[results.FileJson]]:
        """The heap, and the files that are not in it."""
        try:
            names, left = taking.files_of(folder)
        except OSError as error:
            wrong(f"{folder} cannot be read: {error.strerror}")
        if not names:
            refuse(f"There is no file to send in {folder}.")
        try:
            heap = taking.take_all(
                folder, names, user=self.user, environment=self.environment, at=timezone.now()
            )  # fmt: skip
        except intake.Full:
            refuse(f"At once there may be {MOST_FILES} files and {MOST_BYTES // 10**6} MB. Use several folders.")
        except NotStored as error:
            refuse(f"Nothing was kept: {explain(error.code).sentence}")
        except (Changed, NotUsable, FileNotFoundError):
            refuse("A file changed while it was read. Give the command again when all are written.")
        return heap, [results.left_out(name, code) for name, code in left.items()]

    def _send(self, heap: Heap, yes: int | None, wait: float) -> None:
        ready = ordering.to_send(heap=heap, user=self.user)
        number = len(ready.ids)
        if not number:
            return
        told = ", ".join(f"{n} {service} {period}" for service, period, n in ready.numbers)
        self.confirm(number, given=yes, what=f"Ready to send: {told}. Reports: {number}, customers: {ready.customers}.")
        try:
            ordering.order_sending(heap=heap, user=self.user, shown=ready.token, at=timezone.now())
        except ordering.HasChanged:
            refuse("Something changed meanwhile, so nothing was sent. Give the command again.")
        driving.wake()
        self.wait(lambda: not driving.is_moving(heap), seconds=wait)

    def _report(self, heap: Heap, left: list[results.FileJson]) -> None:
        """What became of each report and each file. Raises CommandError when something did not become a report that is sent."""
        at = timezone.now()
        result = results.of_heap(
            heap, user=self.user, taken=f"heap-{heap.pk}", sends=True, moving=False, working=is_working(at=at), at=at
        )
        result["files"] += left
        self.tell(result)
        for report in result["reports"]:
            self.say(results.line_of(report))
        for file in result["files"]:
            self.say(f"{file['file']}: {file['text']}")
        sent = [one for one in result["reports"] if one["state"] in ("SENDING", "DELIVERED", "ACCEPTED")]
        known = [one for one in result["reports"] if one["status"] == "SAME"]
        waiting = len(result["reports"]) - len(sent) - len(known)
        unused = len(result["files"])
        self.say(f"Sent: {len(sent)}. Sent before: {len(known)}. For a person: {waiting}.")
        if waiting or unused:
            refuse(f"Not sent: reports {waiting}, files {unused}.")

    def _foretell(self, heap: Heap, left: list[results.FileJson]) -> str:
        """What would not be sent, in numbers; "" when all would be."""
        faults = 0
        packages = ordering.packages_of(heap, self.user).select_related("customer", "access", "draft", "other")
        for row in packages.defer(None).order_by("pk"):
            report = results.foretold(row, at=timezone.now())
            faults += report["state"] != "READY"
            self.tell(report)
            self.say(results.line_of(report))
        unused = [*results.unused(heap, self.user), *left]
        for file in unused:
            self.tell(file)
            self.say(f"{file['file']}: {file['text']}")
        return f"Would not be sent: reports {faults}, files {len(unused)}." if faults or unused else ""
