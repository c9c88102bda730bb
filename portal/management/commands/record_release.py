"""`manage.py record_release 0.2.0`: at a release, writes the shape that the next one must be able to run beside."""

import json
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from portal.core.release_shape import shape


class Command(BaseCommand):
    help = "Writes docs/releases/VERSION.json: tables, columns and tasks of this release."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("version")

    def handle(self, *args: Any, version: str, **options: Any) -> None:
        file = settings.BASE_DIR / "docs" / "releases" / f"{version}.json"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(shape(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
        self.stdout.write(f"Written: {file.name}. Commit it with the release.")
