"""How many calls an integration may make in a minute, counted in Valkey. While that is away nobody is held back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from accounts.models import Integration
from portal.core.rate import WINDOW, count


@dataclass(frozen=True)
class Rate:
    """`left`: calls that may still be made before `reset` seconds have passed; below 0 when this one is too many."""

    limit: int
    left: int
    reset: int

    @property
    def headers(self) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(self.left, 0)),
            "RateLimit-Reset": str(self.reset),
        }


def take(integration: Integration, *, at: datetime) -> Rate:
    """Count one call."""
    limit = integration.calls_a_minute
    return Rate(limit, limit - count(f"api:{integration.pk}", at=at), WINDOW - int(at.timestamp()) % WINDOW)
