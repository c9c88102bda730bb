"""`manage.py restore`: a backup into an empty database and an empty storage, ready to be started with all sending held."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from portal.core import database_roles
from portal.core.backup import putting_back
from portal.core.backup.manifest import Unusable


class Command(BaseCommand):
    help = "Puts a backup back into an empty place. Stop web, worker and beat first."
    requires_system_checks = []  # they read tables, and there are none yet

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="the folder of the backup")
        parser.add_argument("--identity", type=Path, help="the file with the private key of age")
        parser.add_argument("--check", action="store_true", help="check the backup, and write nothing")
        parser.add_argument(
            "--without-documents", action="store_true", help="the documents are put back by other means"
        )

    def handle(
        self, *args: Any, folder: Path, identity: Path | None, check: bool, without_documents: bool, **options: Any
    ) -> None:
        try:
            if check:
                made = putting_back.check(folder)
                self.stdout.write(f"Whole, and fits this release and these keys. Made {made.made_at}.")
                return
            if identity is None:
                raise CommandError("--identity is missing: the file with the private key, as age-keygen wrote it")
            with database_roles.as_owner():
                self.put_back(folder, identity, documents=not without_documents)
        except Unusable as error:
            raise CommandError(str(error)) from None

    def put_back(self, folder: Path, identity: Path, *, documents: bool) -> None:
        done = putting_back.restore(folder=folder, identity=identity, documents=documents)
        self.stdout.write(f"Put back as of {done.made_at}, with {done.documents} documents.")
        connection.close()
        call_command("migrate", interactive=False, verbosity=0)
        putting_back.note(done, at=timezone.now())
        call_command("restored", stdout=self.stdout)
        call_command("verify_audit", stdout=self.stdout)
