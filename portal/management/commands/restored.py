"""`manage.py restored`: to be run once after an older backup was restored, before web, worker and beat are started."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from portal.core.environments import Environment
from portal.core.trail import anchors
from submissions.services import restoring
from systemusers.models import Access


class Command(BaseCommand):
    help = "After a restore: ask for everything again, and hold the sending until one round is through."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--end-hold", action="store_true", help="let the reports go, although the round is not through"
        )
        parser.add_argument(
            "--release", type=int, metavar="ACCESS", help="let the reports through one access go, by its number"
        )

    def handle(self, *args: Any, end_hold: bool, release: int | None = None, **options: Any) -> None:
        at = timezone.now()
        if release is not None:
            access = Access.objects.filter(pk=release).first()
            done = access is not None and restoring.release(access=access, by="task:operator", at=at)
            self.stdout.write(f"Access {release}: {'released' if done else 'was not held'}.")
            return
        if end_hold:
            ended = [e for e in Environment if restoring.end_hold(environment=e, by="task:operator", at=at)]
            self.stdout.write(f"Holds ended: {', '.join(ended) or 'none'}.")
            return
        made = restoring.restored(by="task:operator", at=at)
        if aside := anchors.set_aside(at=at):
            self.stdout.write(f"Anchors of the audit trail from before the restore are kept in {aside}.")
        self.stdout.write(f"Cursors made due: {made.cursors}. Leases ended: {made.leases}.")
        self.stdout.write(f"Subscriptions to renew: {made.subscriptions}. Messages for a person: {made.messages}.")
        self.stdout.write("Nothing is sent until all dialogs have been read once. Start web, worker and beat now.")
