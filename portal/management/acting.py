"""Commands that do for an employee what the pages do: who acts and where is given, and how the answer is written.

Sentences go to the standard output, or JSON with `--json`; what went wrong goes to the standard error. The command ends with 0 when all
is done, 1 when something was refused or waits for a person, 2 when it was given wrongly.
"""

from __future__ import annotations

import json
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils import timezone, translation

from accounts.models import Capability, User
from accounts.models.vendor import Language
from accounts.services.command_line import MayNot, find_person
from portal.core import origin
from portal.core.environments import Environment
from portal.core.heartbeat import is_working

REFUSED, USAGE = 1, 2
PAUSE = 0.5
"""Seconds between two looks at what workers have done."""
POWER = (
    "the employee who acts: with all that they may do in the environment when the command runs, and in their name in the trail, "
    "also when nobody is at the keyboard. Nothing is done once their account is closed or they may not"
)
pause: Callable[[float], None] = time.sleep


class ActingCommand(BaseCommand):
    """`act` does the work. `needs` is what the person must be able to do in the environment."""

    needs = Capability.WORK
    user: User
    environment: Environment
    as_json = False
    act: Callable[..., None]
    """Gets the options that are the command's own."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        choices = [one.slug for one in Environment]
        parser.add_argument("--environment", required=True, type=str.lower, choices=choices)
        parser.add_argument("--as", required=True, dest="email", metavar="MAIL", help=POWER)
        parser.add_argument("--json", action="store_true", dest="as_json", help="JSON in place of sentences")
        parser.add_argument("--language", choices=Language.values, help="of texts; by default the employee's own")

    def handle(
        self, *args: Any, environment: str, email: str, as_json: bool, language: str | None, **options: Any
    ) -> None:
        self.environment, self.as_json = Environment(environment.upper()), as_json
        try:
            self.user = self.find_person(email)
            with ExitStack() as stack:
                stack.enter_context(translation.override(language or self.user.language))
                stack.enter_context(origin.told(lambda: {origin.WAY: origin.COMMAND_LINE}))
                self.act(**options)
        except DatabaseError as error:
            raise CommandError(f"The database did not answer as it should ({type(error).__name__}).") from error
        except OSError as error:
            raise CommandError(
                f"{error.strerror or type(error).__name__}: {error.filename or ''}".rstrip(": ")
            ) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped. Give the command again, and it goes on.") from None

    def find_person(self, email: str) -> User:
        try:
            return find_person(email=email, environment=self.environment, capability=self.needs)
        except MayNot:
            raise CommandError(
                f"Nobody with this address may do this in {self.environment.slug}.", returncode=REFUSED
            ) from None

    def say(self, text: str) -> None:
        """A sentence for a person; nothing where a program reads."""
        if not self.as_json:
            self.stdout.write(text)

    def tell(self, row: Any) -> None:
        """An object for a program, on one line."""
        if self.as_json:
            self.stdout.write(json.dumps(row, ensure_ascii=False))

    def confirm(self, number: int, *, given: int | None, what: str) -> None:
        """`what` would be done with `number` of them. Goes on when the number was given, or is typed now. Raises CommandError."""
        if given is None and not self.as_json and sys.stdin.isatty():
            typed = input(f"{what} Type {number} to go on: ").strip()
            given = int(typed) if typed.isdecimal() else -1
        if given is None:
            refuse(f"{what} Nothing was done. Give the command again with --yes {number}.")
        if given != number:
            refuse(f"{what} The number that was given is another one, so nothing was done.")

    def wait(self, is_done: Callable[[], bool], *, seconds: float) -> None:
        """For workers. Raises CommandError when it takes longer."""
        until = time.monotonic() + seconds
        while not is_done():
            if time.monotonic() > until:
                slow = "" if is_working(at=timezone.now()) else " No worker answers: see that they run."
                refuse(f"The portal is still at work.{slow} Give the command again, and it goes on.")
            pause(PAUSE)


def add_mass(parser: ArgumentParser) -> None:
    """The options of an act for many."""
    parser.add_argument("--dry-run", action="store_true", help="say what would happen, and keep nothing")
    parser.add_argument("--yes", type=int, metavar="NUMBER", help="do it without a question, when it is this many")
    parser.add_argument("--wait", type=float, default=600, metavar="SECONDS", help="for workers; 600 by default")


def refuse(text: str) -> NoReturn:
    raise CommandError(text, returncode=REFUSED)


def wrong(text: str) -> NoReturn:
    raise CommandError(text, returncode=USAGE)
