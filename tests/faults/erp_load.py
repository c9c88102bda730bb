"""What an administrator and the clock do for the vendor's own system, in a process with the portal's settings.

Called through `load.serve`.
"""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import httpx
from django.apps import apps
from django.conf import settings
from django.db.models import F
from django.utils import timezone

from accounts.models import Capability, Integration, Scope, User
from accounts.services.integrations import keeping as integrations
from accounts.services.integrations import proofs
from portal.core.audit import AuditEvent
from portal.core.environments import Environment
from portal.core.lease import Leased
from portal.core.outbox.message import OutboxMessage
from portal.core.webhooks import keeping
from portal.core.webhooks.row import Webhook
from portal.desk.attention import attention
from portal.local.tour import Tour

HOUR = timedelta(hours=1)
SANDBOX = Environment.SANDBOX


def administrator() -> User:
    return User.objects.who_may(Capability.ADMINISTER, SANDBOX).order_by("pk")[0].within(SANDBOX)


def make_ready(url: str) -> None:
    """Connect the portal, and make an integration that may everything and a webhook to `url`. Prints what both are given, as JSON."""
    user, at = administrator(), timezone.now()
    with httpx.Client(base_url=settings.SANDBOX_URL, timeout=20) as sandbox:
        Tour(lambda _line: None, Path(settings.DATA_DIR), user, sandbox).connect()
    row = Integration(
        name="erp", environment=SANDBOX, scopes=Scope.values, sees_all_customers=True, calls_a_minute=100_000
    )
    integrations.save_integration(integration=row, portfolios=[], user=user, at=at)
    secret = proofs.make_secret(integration=row, old_for=None, by=user.actor, at=at)
    _hook, signing = keeping.make(environment=SANDBOX, url=url, types=[], by=user.actor, at=at)
    print(json.dumps({"client_id": row.client_id, "secret": secret.text, "signing": signing}))  # noqa: T201


def an_hour_passes() -> None:
    """For all that waits for a time and all that somebody held: what was to come within an hour is now, and leases have run out."""
    for model in apps.get_models():
        if issubclass(model, Leased):
            rows = model._base_manager
            rows.exclude(next_attempt_at=None).update(next_attempt_at=F("next_attempt_at") - HOUR)
            rows.exclude(lease_until=None).update(lease_until=F("lease_until") - HOUR)
    OutboxMessage.objects.update(give_up_at=F("give_up_at") - HOUR)
    Webhook.objects.update(failing_since=F("failing_since") - HOUR)


def hook() -> None:
    """Print how the webhook is, and what waits and was tried for it, as JSON."""
    row, messages = Webhook.objects.get(), OutboxMessage.objects.filter(kind="WEBHOOK")
    user = administrator()
    lines = attention(user=user, environment=SANDBOX, at=timezone.now())
    found = {
        "problem": row.problem_code,
        "is_paused": row.paused_at is not None,
        "waiting": messages.exclude(status="SENT").count(),
        "sent": messages.filter(status="SENT").count(),
        "attempts": sum(messages.values_list("attempts", flat=True)),
        "on_overview": any("webhooks" in line.url for line in lines),
    }
    print(json.dumps(found))  # noqa: T201


def kept_by_integration() -> None:
    """Print how many acts the trail has of the integration, as JSON."""
    print(json.dumps(AuditEvent.objects.filter(by="integration:erp").count()))  # noqa: T201
