"""`manage.py close_links production`: closes all customers' links of an environment, when they may be in the wrong hands."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from portal.core.environments import Environment
from systemusers.services.access.close_links import close_links

BY = "task:close_links"


class Command(BaseCommand):
    help = "Closes every customer's link of an environment. Each is opened again for itself, with a new address."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("environment", choices=[each.value.lower() for each in Environment])

    def handle(self, *args: Any, environment: str, **options: Any) -> None:
        number = close_links(environment=environment.upper(), by=BY, at=timezone.now())
        self.stdout.write(f"{number} links were closed.")
