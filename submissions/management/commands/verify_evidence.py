"""`manage.py verify_evidence FILE`: whether an evidence package is whole and agrees with what is stored here."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from submissions.services import verifying


class Command(BaseCommand):
    help = "Compares each file of an evidence package with its hash, and with the documents and the audit trail of this installation."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            found = verifying.verify(file)
        except verifying.NotAPackage as error:
            raise CommandError(f"This is no evidence package: {error}") from None
        if found.faults:
            raise CommandError("\n".join(["The package does not hold:", *found.faults]))
        self.stdout.write(f"The package is whole: {found.files} files.")
        if found.is_known:
            self.stdout.write(f"Its documents and {found.events} events are those of this installation.")
            self.stdout.write("Run verify_audit to see that the audit trail itself is whole.")
        else:
            self.stdout.write("The submission is not stored here, so only the hashes were compared.")
