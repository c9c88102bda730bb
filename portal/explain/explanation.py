"""The form of an explanation, and the words that the data files share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Explanation:
    """Four short texts. `who` is the one who has to act: the customer, us, Skatteetaten, Digdir."""

    title: Any
    cause: Any
    who: Any
    how: Any

    @property
    def sentence(self) -> str:
        """What, why and what to do, for a message."""
        return f"{self.title}. {self.cause} {self.how}"


US, CUSTOMER, DIGDIR, SKATTEETATEN, NOBODY = _("Dere"), _("Kunden"), _("Digdir"), _("Skatteetaten"), _("Ingen")
ALTINN = _("Altinn")
OWNER = _("Eieren av tjenesten")
TRY_LATER = _("Vent litt. Vi prøver igjen så lenge portalen arbeider.")
NEW_KEY = _("Gå til Innstillinger, lag en ny nøkkel og legg den inn på klienten hos Digdir.")
