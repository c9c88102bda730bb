"""`manage.py export_customer`: everything that is held about one customer, also where a page would take too long."""

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Customer
from portal.desk.kept import export
from portal.management.new_file import new_file


class Command(BaseCommand):
    help = "Writes everything that is held about one customer into a zip file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("environment", type=str.upper, help="sandbox, test or production")
        parser.add_argument("orgnr")
        parser.add_argument("file", type=Path, help="a new file")

    def handle(self, *args: Any, environment: str, orgnr: str, file: Path, **options: Any) -> None:
        customer = Customer.objects.filter(environment=environment, orgnr=orgnr).first()
        if customer is None:
            raise CommandError(f"No customer {orgnr} in {environment}")
        try:
            with (
                new_file(file) as target,
                export.export(customer=customer, by="task:operator", at=timezone.now()) as package,
            ):
                shutil.copyfileobj(package, target)
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}") from None
        self.stdout.write(
            f"{file}: {file.stat().st_size} bytes. It is not encrypted: hand it over safely, then delete it."
        )
