"""`manage.py openapi [--check]`: writes docs/openapi.json, or exits non-zero when the file differs from the code."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.api.api import api

PATH = settings.BASE_DIR / "docs" / "openapi.json"


def text() -> str:
    return json.dumps(api().get_openapi_schema(), indent=1, ensure_ascii=False) + "\n"


class Command(BaseCommand):
    help = "Writes docs/openapi.json: the OpenAPI description of the API."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing; fail when the file is out of date")

    def handle(self, *args: Any, check: bool, **options: Any) -> None:
        if not check:
            PATH.write_text(text(), encoding="utf-8")
            self.stdout.write(f"Wrote {PATH}.")
        elif not PATH.exists() or PATH.read_text(encoding="utf-8") != text():
            raise CommandError("docs/openapi.json is out of date. Run `python manage.py openapi`.")
