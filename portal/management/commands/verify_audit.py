"""`manage.py verify_audit`: walks the audit trail's hash chain and exits non-zero at the first row that does not fit."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from portal.core import audit_chain


class Command(BaseCommand):
    help = "Seals what is new and verifies the whole audit trail."

    def handle(self, *args: Any, **options: Any) -> None:
        audit_chain.seal(at=timezone.now())
        try:
            count = audit_chain.verify()
        except audit_chain.Broken as error:
            raise CommandError(f"The audit trail has been changed: {error}.") from error
        self.stdout.write(f"The audit trail is whole: {count} rows.")
