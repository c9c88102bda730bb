"""`manage.py live_in`: builds the lived-in demonstration beside a run that waits for it. `manage.py run` starts it."""

from __future__ import annotations

import logging
import os
from typing import Any

import httpx
from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.core import heartbeat
from portal.local.lived_in import build, progress
from portal.local.lived_in.progress import Phase, Progress
from portal.local.lived_in.stage import Stage

POLITE = 5


class Command(BaseCommand):
    help = "Tells the history of the demonstration's vendor, after `manage.py run --demo lived-in` has begun it."

    def handle(self, *args: Any, **options: Any) -> None:
        found = progress.read()
        if settings.PORTAL_MODE != "local" or found is None or found.phase != Phase.BUILDING:
            raise CommandError(
                "There is nothing to build: `manage.py run --demo lived-in` begins it on an empty database."
            )
        os.umask(0o077)
        os.nice(POLITE)  # pages come first
        logging.disable(logging.WARNING)  # faults that are part of the history
        current_app.conf.update(broker_url="memory://localhost/")  # its own rounds do the work: no worker is woken
        try:
            with httpx.Client(base_url=str(settings.SANDBOX_URL), timeout=60) as sandbox:
                build.build(Stage(sandbox, timezone.now()), tell=self._tell)
        except Exception:
            progress.write(Progress(Phase.FAILED))
            raise
        progress.write(Progress(Phase.DONE, build.NUMBER, build.NUMBER))
        self.stdout.write("Demonstration data: all of it is there.")

    def _tell(self, about: str, done: int, total: int) -> None:
        """The builder does the workers' rounds, so it beats for them."""
        progress.write(told := Progress(Phase.BUILDING, done, total))
        now = timezone.now()
        heartbeat.record_beat(beat_at=now, at=now)
        self.stdout.write(f"Demonstration data: {told.percent:2} %, {about}")
        self.stdout.flush()
