"""`manage.py tour`: runs the nine steps against the sandbox with a real worker; exit code 1 when a step fails."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import ExitStack
from typing import Any

import httpx
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Role, User
from portal.celery import app
from portal.local import embedded, runner, tour


class Command(BaseCommand):
    help = "Walks the nine steps without a browser, prints what was asked and what came back, and fails when one does."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PORTAL_MODE != "local" or not settings.SANDBOX_URL:
            raise CommandError("The tour walks in the sandbox only: set PORTAL_MODE=local.")
        call_command("migrate", verbosity=0)
        started = time.monotonic()
        with ExitStack() as stack:
            start_missing(stack, self.stdout.write)
            tour.prepare()
            caller = stack.enter_context(httpx.Client(base_url=settings.SANDBOX_URL, timeout=20))
            folder = settings.DATA_DIR / "tour"
            folder.mkdir(exist_ok=True)
            user = User.objects.filter(role=Role.ADMINISTRATOR).order_by("pk")[0]
            try:
                tour.Tour(self.stdout.write, folder, user, caller).walk()
            except (tour.Failed, httpx.HTTPError) as error:
                raise CommandError(f"The tour stopped: {error}") from error
        self.stdout.write(f"\nAll nine steps did their work, in {time.monotonic() - started:.0f} s.")


def start_missing(stack: ExitStack, say: Any) -> None:
    """Start what does not answer: sandbox, web, and worker with beat. All of it ends with the tour."""
    commands = runner.commands()
    here = {
        "sandbox": _answers(str(settings.SANDBOX_URL)),
        "web": _answers(f"http://127.0.0.1:{settings.PORT}/healthz"),
    }
    here["worker"] = here["beat"] = bool(app.control.inspect(timeout=1).ping())
    for name, command in commands.items():
        if here[name]:
            continue
        say(f"starting {name}")
        tied = embedded.tied_to_us(command, stop="SIGTERM", patience=runner.PATIENCE)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        process = subprocess.Popen(tied, env=os.environ.copy(), cwd=settings.BASE_DIR, **quiet)  # type: ignore[call-overload]
        stack.callback(_end, process)
    for url in (str(settings.SANDBOX_URL), f"http://127.0.0.1:{settings.PORT}/healthz"):
        if not runner.answers(url):
            raise CommandError(f"{url} does not answer")


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code < 500
    except httpx.HTTPError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait(timeout=15)
