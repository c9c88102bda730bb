"""The report with its proof, as a file that is checked without the database. The trail has who took it, and how many rows."""

from __future__ import annotations

from datetime import datetime
from tempfile import TemporaryFile
from typing import IO, Any, cast

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from portal.core.audit import AuditEvent, record
from portal.core.audit_events import AuditType
from portal.core.environments import Environment
from portal.core.masking import without_identity_numbers
from portal.core.trail import anchors, proof
from portal.core.trail.watch import find_state
from portal.desk.oversight import acts

NAME = "hvem-har-handlet"


def make(*, rows: QuerySet[AuditEvent], of: str, user: User, environment: Environment, at: datetime) -> IO[bytes]:
    """An open temporary file, at its beginning. `of`: what the report was asked for, in words. Raises TooLarge."""
    file = cast("IO[bytes]", TemporaryFile())  # noqa: SIM115 - the answer closes it
    about = {
        "made_at": timezone.localtime(at).isoformat(),
        "made_by": user.email,
        "environment": environment.value,
        "of": of,
    }
    try:
        with transaction.atomic():
            done = proof.write(file, rows, about=about, anchors=_anchors(at), shown=_shown)
            detail: dict[str, Any] = {"list": NAME, "format": "proof", "number": done.rows}
            record(by=user.actor, at=at, target=user, what=AuditType.LIST_EXPORTED, environment=environment, **detail)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return file


def _anchors(at: datetime) -> list[anchors.Anchor]:
    """Those of the folder, where this machine has it, and that of the newest verification that found the trail whole."""
    whole = find_state(at=at).whole
    return list(dict.fromkeys([*anchors.kept(), *([whole.anchor] if whole else [])]))


def _shown(events: list[AuditEvent]) -> list[dict[str, Any]]:
    return [
        {
            "who": row.who, "act": row.act, "details": without_identity_numbers(row.details), "about": row.about,
            "orgnr": row.customer.orgnr if row.customer else "", "customer": row.customer.name if row.customer else "",
        }
        for row in acts.shown(events, staff=User.objects.all())
    ]  # fmt: skip
