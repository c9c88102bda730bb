"""`manage.py run`: the whole portal on one machine, until Ctrl-C. Used by `make run`; not for production."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.local import embedded, runner

EMPTY, LIVED_IN = "empty", "lived-in"


class Command(BaseCommand):
    help = "Starts the servers that are missing, the sandbox, the web server, a worker and beat; Ctrl-C ends them all."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo",
            choices=(EMPTY, LIVED_IN),
            default=EMPTY,
            help="what an empty database begins with: a vendor with nothing done, or with a history",
        )

    def handle(self, *args: Any, demo: str = EMPTY, **options: Any) -> None:
        if not settings.LOCAL:
            raise CommandError("run is for one machine of your own; set PORTAL_MODE=local, or see docs/operations.md")
        os.umask(0o077)  # mails, documents and keys are for this user alone
        try:
            with embedded.one_run(settings.DATA_DIR, address=settings.PORTAL_URL):
                runner.refuse_busy_ports()
                with embedded.servers(settings.DATA_DIR, needed=settings.EMBEDDED) as servers:
                    runner.prepare(lived_in=demo == LIVED_IN)
                    code = runner.Runner(servers).run()
        except (embedded.CannotStart, embedded.AlreadyRuns, runner.PortInUse) as error:
            raise CommandError(str(error)) from error
        if code:
            raise CommandError("a process ended on its own; the lines above say which, and why", returncode=code)
