"""The hash by which a stored file is found by its name: the name itself is encrypted, as it comes from outside and may hold anything."""

from __future__ import annotations

import unicodedata

from django.db import models
from django.utils.crypto import salted_hmac


def hash_of_filename(name: str) -> str:
    """Of the whole name, whatever its capital letters. Keyed with SECRET_KEY; 64 hex digits."""
    text = unicodedata.normalize("NFC", name).strip().casefold()
    return salted_hmac("submissions.document.filename", text, algorithm="sha256").hexdigest()


class FilenameHash(models.CharField):
    """Follows `filename` whenever a row is inserted or saved, also in bulk."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = hash_of_filename(str(getattr(model_instance, "filename", "")))
        setattr(model_instance, self.attname, value)
        return value
