"""`manage.py vouch_for`: the operator knows that an account is used by its owner, where no third person can say so on a page."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from accounts.services import ways_in

BY = "task:vouch_for"


class Command(BaseCommand):
    help = (
        "Lets accounts that a colleague has invited or opened a way into be second persons. Talk to their owners first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("people", metavar="EMAIL", nargs="+")

    def handle(self, *args: Any, people: list[str], **options: Any) -> None:
        asked = [email.strip().lower() for email in people]
        users = {user.email: user for user in User.objects.filter(email__in=asked, is_active=True)}
        if unknown := [email for email in asked if email not in users]:
            raise CommandError(f"Nobody with an open account has the address {', '.join(unknown)}. Nothing was done.")
        for user in users.values():
            ways_in.note_vouched(user=user, by=BY, at=timezone.now())
            self.stdout.write(f"{user.email} can be a second person.")
