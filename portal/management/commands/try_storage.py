"""`manage.py try_storage`: stores, reads, lists and removes a small file where documents and the logo are stored."""

from typing import Any

from django.conf import settings
from django.core.files.storage import storages
from django.core.management.base import BaseCommand, CommandError

from portal.core.storage import trying
from portal.core.storage.configuration import BUCKET


class Command(BaseCommand):
    help = "Tries the storage of the documents, step by step, and says which right or setting is missing."
    requires_system_checks = []  # they read tables

    def handle(self, *args: Any, **options: Any) -> None:
        for name in ("documents", "default"):
            is_bucket = settings.STORAGES[name]["BACKEND"] == BUCKET
            self.stdout.write(f"{name}, in a {'bucket' if is_bucket else 'folder'}:")
            self._try(name, is_bucket=is_bucket)
        if is_bucket and not trying.compares_hashes(storages["documents"]):
            self.stdout.write("The server does not compare the hash of a file with what it got; each reading does.")
        self.stdout.write("The storage can be used.")

    def _try(self, name: str, *, is_bucket: bool) -> None:
        for step in trying.attempt(storages[name]):
            self.stdout.write(f"  {step.title}: {step.problem or 'ok'}")
            if step.problem:
                hint = f" It needs the right {step.needs}, and the settings S3_… must be right." if is_bucket else ""
                raise CommandError(f"The storage of {name} cannot be used: {step.title}: {step.problem}.{hint}")
