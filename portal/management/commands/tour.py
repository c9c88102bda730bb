"""`manage.py tour`: runs the nine steps against the sandbox with a real worker; exit code 1 when a step fails."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import httpx
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Capability, User
from portal.core.environments import Environment
from portal.local import embedded, runner, tour
from portal.local.tour_watch import Failed


class Command(BaseCommand):
    help = "Walks the nine steps without a browser, prints what was asked and what came back, and fails when one does."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PORTAL_MODE != "local" or not settings.SANDBOX_URL:
            raise CommandError("The tour walks in the sandbox only: set PORTAL_MODE=local.")
        os.umask(0o077)
        started = time.monotonic()
        with ExitStack() as stack:
            is_here = _runs_here(stack)
            call_command("migrate", verbosity=0)
            start(runner.commands() if not is_here else {}, stack, self.stdout.write)
            tour.prepare()
            caller = stack.enter_context(httpx.Client(base_url=settings.SANDBOX_URL, timeout=20))
            folder = settings.DATA_DIR / "tour"
            folder.mkdir(exist_ok=True)
            user = User.objects.who_may(Capability.ADMINISTER, Environment.SANDBOX).order_by("pk")[0]
            try:
                tour.Tour(self.stdout.write, folder, user, caller).walk()
            except (Failed, httpx.HTTPError) as error:
                raise CommandError(f"The tour stopped: {error}") from error
        self.stdout.write(f"\nAll nine steps did their work, in {time.monotonic() - started:.0f} s.")


def _runs_here(stack: ExitStack) -> bool:
    """Whether `make run` of this data folder runs at our addresses; else this run is the only one until `stack` ends.

    Raises CommandError when it runs at other addresses, or when ours belong to another portal.
    """
    try:
        stack.enter_context(embedded.one_run(settings.DATA_DIR, address=settings.PORTAL_URL))
    except embedded.AlreadyRuns as error:
        if error.address == settings.PORTAL_URL:
            return True
        raise CommandError(f"{error} Or set PORT and SANDBOX_PORT as that run has them.") from error
    try:
        runner.refuse_busy_ports()
    except runner.PortInUse as error:
        raise CommandError(f"{error} The tour walks only through the portal of this folder.") from error
    return False


def start(commands: dict[str, list[str]], stack: ExitStack, say: Callable[[str], object]) -> None:
    """Start the processes of `make run`, and wait for the sandbox and the web server. All of it ends with the tour."""
    for name, command in commands.items():
        say(f"starting {name}")
        tied = embedded.tied_to_us(command, stop="SIGTERM", patience=runner.PATIENCE)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(tied, env=os.environ.copy(), cwd=settings.BASE_DIR, **quiet)  # type: ignore[call-overload]
        stack.callback(_end, process)
    for url in (str(settings.SANDBOX_URL), f"http://127.0.0.1:{settings.PORT}/healthz"):
        if not runner.answers(url):
            raise CommandError(f"{url} does not answer")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(timeout=15)
