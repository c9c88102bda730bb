"""The secret in the customer's link: found by its SHA-256, and kept encrypted for those who send the link.

128 random bits need no key and no slow hash: nobody can try them all.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any

from django.db import models

from portal.core.crypto import Sealed

PLACE = "systemusers_access.sealed_link"


def new_link() -> Sealed:
    return Sealed.of(secrets.token_urlsafe(16), place=PLACE)


def hash_of_link(token: str) -> str:
    """64 hexadecimal digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def link_columns(link: Sealed) -> dict[str, Any]:
    """Both columns, for an UPDATE that gives an access another link."""
    return {"sealed_link": link, "link_hash": hash_of_link(link.text)}


class LinkHashField(models.CharField):
    """The hash of the row's `sealed_link`, written with a new row, also by `bulk_create`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_length": 64, "unique": True, "editable": False, **options})

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        row: Any = model_instance
        if not row.link_hash:
            row.link_hash = hash_of_link(row.sealed_link.text)
        return str(row.link_hash)
