"""`manage.py seed`: the demonstration vendor, staff, client and customers, on a portal that has none yet (laptop only)."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from portal.local import demo, runner


class Command(BaseCommand):
    help = "Fills an empty portal with a vendor, staff of each role and forty synthetic customers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--introduce", action="store_true", help="tell the sandbox too, and print the log-ins")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PORTAL_MODE != "local":
            raise CommandError("seed is for a laptop: it makes accounts with a known password. Set PORTAL_MODE=local.")
        demo.seed(at=timezone.now())
        if options["introduce"]:
            demo.introduce(url=str(settings.SANDBOX_URL))
            self.stdout.write("\n".join(runner.log_ins()))
