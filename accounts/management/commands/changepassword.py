"""`manage.py changepassword <e-mail>`: Django's command, which stores a new password, and an event in the audit trail."""

from typing import Any

from django.contrib.auth.management.commands.changepassword import Command as DjangoCommand
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from accounts.services.staff import note_password_set


class Command(DjangoCommand):
    def handle(self, *args: Any, **options: Any) -> str:
        with transaction.atomic():
            outcome = str(super().handle(*args, **options))
            user = User.objects.get(email=options["username"])
            note_password_set(user=user, by="task:changepassword", at=timezone.now())
        return outcome
