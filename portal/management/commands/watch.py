"""`manage.py watch FOLDER`: takes the files that are dropped into a folder, and writes beside them what becomes of them."""

from __future__ import annotations

import logging
import signal
import threading
from argparse import ArgumentParser
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from accounts.services.command_line import MayNot, find_person
from portal.management.acting import ActingCommand, wrong
from submissions.services.folders import places
from submissions.services.folders.watching import Said, Watch

CLEANED = timedelta(hours=1)
logger = logging.getLogger(__name__)


class Command(ActingCommand):
    help = (
        "Watches a folder: files are sorted, checked and, with --send, sent. Ends at SIGTERM, after the file in hand."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("folder", type=Path)
        parser.add_argument("--send", action="store_true", help="send what needs no answer from a person")
        parser.add_argument("--documents", action="store_true", help="write receipts and feedback into documents/")
        parser.add_argument(
            "--quiet", type=float, default=5, metavar="SECONDS", help="a file is whole when unchanged so long"
        )
        parser.add_argument("--every", type=float, default=2, metavar="SECONDS", help="between two rounds")
        parser.add_argument("--keep-days", type=int, default=30, help="finished files are deleted then; 0: never")
        parser.add_argument("--once", action="store_true", help="two rounds, as far apart as --quiet says, then end")

    def act(self, *, folder: Path, send: bool, documents: bool, quiet: float, **options: Any) -> None:
        try:
            with places.opened(folder):
                pass
        except OSError as error:
            wrong(f"{folder} cannot be used: {error.strerror}")
        self.stop, self.troubles, self.before = threading.Event(), set[str](), set[str]()
        before = {
            number: signal.signal(number, lambda *_: self.stop.set()) for number in (signal.SIGTERM, signal.SIGINT)
        }
        watch = Watch(
            folder, self.user, self.environment, sends=send, documents=documents, quiet=timedelta(seconds=quiet),
            is_over=self.stop.is_set,
        )  # fmt: skip
        try:
            if options["once"]:
                self._once(watch)
            else:
                self._on_and_on(watch, every=options["every"], keep=timedelta(days=options["keep_days"]))
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _once(self, watch: Watch) -> None:
        for _round in range(2):
            for said in watch.look(at=timezone.now()):
                self._tell(said)
            self.stop.wait(watch.quiet.total_seconds())

    def _on_and_on(self, watch: Watch, *, every: float, keep: timedelta) -> None:
        self.say(f"Watching {watch.folder} in {self.environment.slug} for {self.user.email}.")
        cleaned = None
        while not self.stop.is_set():
            at = timezone.now()
            self._round(watch)
            if keep and (cleaned is None or at - cleaned >= CLEANED):
                cleaned = at
                self._clean(watch, keep)
            self.stop.wait(every)

    def _round(self, watch: Watch) -> None:
        """What stands in the way today may be gone in the next round: the folder, the database, the rights of the person."""
        close_old_connections()
        self.before, self.troubles = self.troubles, set()
        try:
            watch.user = find_person(email=self.user.email, environment=self.environment, capability=self.needs)
            for said in watch.look(at=timezone.now()):
                self._tell(said)
            watch.live()
        except MayNot:
            self._trouble(f"{self.user.email} may not do this any more. Nothing is taken.")
        except OSError as error:
            self._trouble(f"The folder cannot be used: {error.strerror}")
        except DatabaseError as error:
            self._trouble(f"The database did not answer as it should ({type(error).__name__}).")
        except Exception as error:  # a fault of ours: the next round may be another
            logger.error("a round of a watched folder failed: %s", type(error).__name__)
            self._trouble(f"A round failed ({type(error).__name__}).")

    def _clean(self, watch: Watch, keep: timedelta) -> None:
        try:
            if number := watch.clean(before=timezone.now() - keep):
                self.say(f"{number} finished files were deleted, after {keep.days} days.")
        except OSError as error:
            self._trouble(f"Finished files cannot be deleted: {error.strerror}")

    def _tell(self, said: Said) -> None:
        self.tell(said.__dict__)
        if said.act == "waits":
            self._trouble(f"{said.file} {said.text}")
        else:
            self.say(f"{said.file} ({said.taken}) {said.state}: {said.text}")

    def _trouble(self, text: str) -> None:
        """Once, until it is over."""
        self.troubles.add(text)
        if text not in self.before:
            self.stderr.write(text)
