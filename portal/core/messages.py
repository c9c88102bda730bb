"""Where messages to the next page wait: in a cookie or the session. They may name files, and no national identity number is kept there."""

from __future__ import annotations

from typing import Any

from django.contrib.messages.storage.fallback import FallbackStorage
from django.utils.safestring import SafeData, mark_safe

from portal.core.masking import without_identity_numbers


class Storage(FallbackStorage):
    def add(self, level: int, message: Any, extra_tags: str | None = "") -> None:
        text = without_identity_numbers(str(message))
        super().add(level, mark_safe(text) if isinstance(message, SafeData) else text, extra_tags)  # noqa: S308 - it was safe
