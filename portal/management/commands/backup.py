"""`manage.py backup`: the database and the documents into a new encrypted folder. It may run beside web, worker and beat."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.core.backup import making
from portal.core.backup.manifest import Unusable


class Command(BaseCommand):
    help = "Makes an encrypted backup of the database and the documents."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--to", type=Path, default=settings.BACKUP_DIR, help="the folder in which it is made")
        parser.add_argument(
            "--without-documents",
            action="store_true",
            help="their storage is backed up by other means (S3 with versions)",
        )

    def handle(self, *args: Any, to: Path, without_documents: bool, **options: Any) -> None:
        try:
            row = making.make(
                folder=to, recipients=settings.BACKUP_RECIPIENTS, by="task:operator", at=timezone.now(),
                documents=not without_documents,
            )  # fmt: skip
        except Unusable as error:
            raise CommandError(str(error)) from None
        size = f"{row.bytes / 2**20:.1f} MiB"
        self.stdout.write(f"{to / row.name}: {size}, {row.documents} documents, {row.seconds} seconds.")
