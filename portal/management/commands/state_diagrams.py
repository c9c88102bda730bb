"""`manage.py state_diagrams [--check]`: writes docs/states.md, or exits non-zero when the file differs from the models."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.core import state_diagrams


class Command(BaseCommand):
    help = "Writes docs/states.md: a Mermaid diagram for each model with a state."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when the file is out of date")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "states.md"
        wanted = state_diagrams.document()
        if not check:
            path.write_text(wanted, encoding="utf-8")
            self.stdout.write(f"Wrote {path}.")
        elif not path.is_file() or path.read_text(encoding="utf-8") != wanted:
            raise CommandError("docs/states.md is out of date. Run `python manage.py state_diagrams`.")
