"""`manage.py restored`: to be run once after an older backup was restored, before web, worker and beat are started."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from portal.core.environments import Environment
from submissions.services import restoring


class Command(BaseCommand):
    help = "After a restore: ask for everything again, and hold the sending until one round is through."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--end-hold", action="store_true", help="let the reports go, although the round is not through"
        )

    def handle(self, *args: Any, end_hold: bool, **options: Any) -> None:
        at = timezone.now()
        if end_hold:
            ended = [e for e in Environment if restoring.end_hold(environment=e, by="task:operator", at=at)]
            self.stdout.write(f"Holds ended: {', '.join(ended) or 'none'}.")
            return
        done = restoring.restored(by="task:operator", at=at)
        self.stdout.write(f"Cursors made due: {done.cursors}. Leases ended: {done.leases}.")
        self.stdout.write(f"Subscriptions to renew: {done.subscriptions}. Messages for a person: {done.messages}.")
        self.stdout.write("Nothing is sent until all dialogs have been read once. Start web, worker and beat now.")
