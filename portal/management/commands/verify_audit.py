"""`manage.py verify_audit`: walks the audit trail's hash chain and exits non-zero at the first row that does not fit."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.core import audit_chain


class Command(BaseCommand):
    help = "Seals what is new and verifies the whole audit trail."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since", default="", help="an anchor that an earlier run printed, or the log of the worker"
        )

    def handle(self, *args: Any, since: str, **options: Any) -> None:
        audit_chain.seal_all(at=timezone.now())
        try:
            verified = audit_chain.verify(since=since)
        except audit_chain.Broken as error:
            raise CommandError(f"The audit trail has been changed: {error}.") from error
        self.stdout.write(f"The audit trail is whole: {verified.rows} rows.")
        self.stdout.write(f"Anchor: {verified.anchor}")
