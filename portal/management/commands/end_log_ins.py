"""`manage.py end_log_ins`: ends sessions of staff without a log-in, when an account may be in the wrong hands."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import LogIn, User
from accounts.services import log_ins

BY = "task:end_log_ins"


class Command(BaseCommand):
    help = "Ends all sessions of one person, or of everybody. Passwords stay as they are."

    def add_arguments(self, parser: CommandParser) -> None:
        whose = parser.add_mutually_exclusive_group(required=True)
        whose.add_argument("--person", metavar="EMAIL", help="the sessions of this person")
        whose.add_argument("--all", action="store_true", help="those of everybody")

    def handle(self, *args: Any, person: str | None = None, **options: Any) -> None:
        at = timezone.now()
        if person is None:
            number = log_ins.end_all(by=BY, at=at)
        else:
            user = User.objects.filter(email=person.strip().lower()).first()
            if user is None:
                raise CommandError("Nobody has this address.")
            number = log_ins.end(rows=LogIn.objects.filter(user=user), by=BY, at=at)
        self.stdout.write(f"{number} sessions were ended.")
