"""`manage.py vouch_for`: the operator knows that an account is used by its owner, where no third person can say so on a page."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from accounts.services import ways_in

BY = "task:vouch_for"


class Command(BaseCommand):
    help = "Lets an account into which a colleague has opened a way be a second person again. Talk to its owner first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("person", metavar="EMAIL")

    def handle(self, *args: Any, person: str, **options: Any) -> None:
        user = User.objects.filter(email=person.strip().lower(), is_active=True).first()
        if user is None:
            raise CommandError("Nobody with an open account has this address.")
        ways_in.note_vouched(user=user, by=BY, at=timezone.now())
        self.stdout.write(f"{user.email} can be a second person.")
