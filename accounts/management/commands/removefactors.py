"""`manage.py removefactors <e-mail>`: takes away the second factor of somebody whom no administrator can help."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import User
from accounts.services import factors


class Command(BaseCommand):
    help = "Removes the second factor of one person, who then logs in with the password and sets up a new one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        user = User.objects.filter(email=email.lower()).first()
        if user is None:
            raise CommandError(f"Nobody has the address {email}.")
        is_done = factors.remove_all(user=user, by="task:removefactors", at=timezone.now())
        self.stdout.write("Removed; a mail says so." if is_done else "There was none.")
