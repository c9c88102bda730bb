"""`manage.py hold_key CLIENT KID`: takes in a key of Maskinporten that a key service holds."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from portal.gateways.errors import GatewayError
from systemusers.models import MaskinportenClient
from systemusers.services.keys import KidInUse, TooManyKeys, public_jwk_text
from systemusers.services.keys.held import NotNamed
from systemusers.services.keys.importing import KeyIsHere, take_in

BY = "task:hold_key"


class Command(BaseCommand):
    help = (
        "Takes in a key that SIGNING_KEYS names, and prints its public half. It is taken into use under Innstillinger."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("client", help="the id of the client at Maskinporten")
        parser.add_argument("kid", help="the key's name in SIGNING_KEYS, and at Digdir")

    def handle(self, *args: Any, client: str, kid: str, **options: Any) -> None:
        found = MaskinportenClient.objects.filter(client_id=client).first()
        if found is None:
            raise CommandError("No client has this id. Add it under Innstillinger first.")
        try:
            key = take_in(client=found, kid=kid, by=BY, at=timezone.now())
        except NotNamed as error:
            raise CommandError(f"{error}. Add it to the setting, and give the command again.") from error
        except GatewayError as error:
            raise CommandError(f"The key service did not give the public half: {error}") from error
        except (KeyIsHere, KidInUse, TooManyKeys) as error:
            raise CommandError(f"The key is not taken in: {error or 'the client has five keys already'}") from error
        self.stdout.write(public_jwk_text(key))
