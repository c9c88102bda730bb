"""Where the document of an attachment is fetched, and with which scopes."""

from __future__ import annotations

from dataclasses import dataclass

from submissions.models import Attachment
from submissions.services import catalogue
from submissions.services.catalogue import Service

LETTERS, LETTER_SCOPES = "skatt-dialog-dokumenter", ("skatteetaten:skattdialogdokument",)
"""Letters have a service of their own, whose documents are fetched at the whole address only."""
FORMER_LETTER_SCOPES = ("skatteetaten:formueinntekt/skattemelding",)
"""They open letters too, for as long as Skatteetaten's transition lasts."""
NO_SCOPE = "NO_SCOPE"
"""The problem of an attachment that no scope of our client opens."""


@dataclass(frozen=True)
class Source:
    """Where a document is, and the scopes it needs. Without `service` only the attachment's own address is known."""

    scopes: tuple[str, ...]
    service: Service | None


def source_of(row: Attachment) -> Source | None:
    """None when no scope that our client has opens the document."""
    dialog, submission = row.transmission.dialog, row.transmission.submission
    client = dialog.access.profile.system.client
    if LETTERS in row.api_url:
        usable = (scopes for scopes in (LETTER_SCOPES, FORMER_LETTER_SCOPES) if set(scopes) <= set(client.scopes))
        return next((Source(scopes, None) for scopes in usable), None)
    if submission is not None:
        service: Service | None = catalogue.service(submission.service)
    else:
        named = [one for one in catalogue.services() if dialog.service_resource in one.resource_urns]
        service = next((one for one in named if set(one.scopes) <= set(client.scopes)), named[0] if named else None)
    return Source(service.scopes, service) if service else None
