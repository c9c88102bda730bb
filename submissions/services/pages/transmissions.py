"""Transmissions on pages: their documents, why some are not here, and whether the sender knows that a person has opened them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.services.actors import names_of, person
from portal.core.formats import spelled_time
from portal.explain import explain
from submissions.models import Attachment, Dialog, Document, Opening, Transmission, TransmissionQuerySet

TYPES = {
    "Information": gettext_lazy("Informasjon"),
    "Acceptance": gettext_lazy("Godkjenning"),
    "Rejection": gettext_lazy("Avvisning"),
    "Request": gettext_lazy("Forespørsel"),
    "Alert": gettext_lazy("Varsel"),
    "Decision": gettext_lazy("Vedtak"),
    "Submission": gettext_lazy("Innsending"),
    "Correction": gettext_lazy("Retting"),
}


@dataclass(frozen=True)
class AttachedDocument:
    """One attachment. `document` is our stored copy; without it `note` says why, and `url` leads to it in Altinn, or is ""."""

    name: str
    media_type: str
    document: Document | None
    note: str
    url: str


@dataclass(frozen=True)
class TransmissionRow:
    """One transmission on the page of its dialog."""

    transmission: Transmission
    type_name: str
    documents: list[AttachedDocument]
    told: str = ""


def transmissions(dialog: Dialog) -> list[TransmissionRow]:
    """Newest first."""
    return rows_of(Transmission.objects.filter(dialog=dialog).order_by("-created_at", "-pk"))


def rows_of(rows: TransmissionQuerySet) -> list[TransmissionRow]:
    documents = Prefetch("documents", queryset=Document.objects.order_by("pk"))
    loaded = list(rows.select_related("submission", "opening").prefetch_related(documents, "attachments"))
    names = names_of(opening.opened_by for row in loaded if (opening := opening_of(row)))
    return [
        TransmissionRow(
            transmission=row,
            type_name=str(TYPES.get(row.type, row.type)),
            documents=_attached_documents(row),
            told=_told(opening_of(row), names),
        )
        for row in loaded
    ]


def opening_of(row: Transmission) -> Opening | None:
    """No query when the row was loaded with it."""
    return getattr(row, "opening", None)


def _told(opening: Opening | None, names: dict[str, str]) -> str:
    """What Skatteetaten knows of our reading it, "" when it was not to know."""
    if opening is None:
        return ""
    facts = {
        "who": person(opening.opened_by, names),
        "when": spelled_time(opening.opened_at),
        "why": explain(opening.problem_code).title if opening.problem_code else "",
    }
    if opening.status == Opening.Status.TOLD:
        return _("Åpnet av %(who)s %(when)s. Skatteetaten har fått vite det, og minner ikke kunden om den.") % facts
    if opening.status == Opening.Status.NOT_TOLD:
        return _("Åpnet av %(who)s %(when)s. Skatteetaten fikk ikke vite det: %(why)s.") % facts
    if opening.problem_code:
        return (
            _("Åpnet av %(who)s %(when)s. Skatteetaten har ikke fått vite det ennå: %(why)s. Vi prøver igjen.") % facts
        )
    return _("Åpnet av %(who)s %(when)s. Skatteetaten får vite det om litt.") % facts


def may_try_again(dialog: Dialog) -> bool:
    """Something of the dialog is not here, and was refused or failed."""
    S = Attachment.Status
    wanting = Q(status__in=[S.CLOSED, S.GONE, S.REFUSED]) | Q(status=S.WAITING) & ~Q(problem_code="")
    rows = Attachment.objects.filter(wanting, transmission__dialog=dialog)
    return bool(dialog.problem_code) or rows.exclude(api_url__startswith="urn:").exists()


def _attached_documents(row: Transmission) -> list[AttachedDocument]:
    stored = {document.attachment_id: document for document in row.documents.all()}
    return [
        AttachedDocument(
            name=entry.name or _("Vedlegg"),
            media_type=entry.media_type,
            document=stored.get(entry.attachment_id),
            note=_note(entry),
            url=entry.gui_url if urlsplit(entry.gui_url).scheme in ("https", "http") else "",
        )
        for entry in row.attachments.all()
    ]


NOTES = {
    Attachment.Status.WAITING: gettext_lazy("Hentes nå."),
    Attachment.Status.SENT: gettext_lazy("Sendt inn fra kundens side, og hentes ikke hit."),
    Attachment.Status.LINKED: gettext_lazy("Kan bare leses hos avsenderen."),
    Attachment.Status.CLOSED: gettext_lazy("Krever mer enn tilgangen dere har. Kunden kan åpne det i Altinn."),
    Attachment.Status.GONE: gettext_lazy("Er borte hos avsenderen, og kan ikke hentes."),
}


def _note(row: Attachment) -> str:
    """Why the attachment is not here."""
    if row.problem_code and row.status in Attachment.TO_FETCH:
        return _(
            "Ikke hentet: %(why)s (%(code)s). Vi prøver igjen minst én gang i døgnet, så lenge portalen arbeider."
        ) % {
            "why": explain(row.problem_code).title,
            "code": row.problem_code,
        }
    if row.problem_code and row.status == Attachment.Status.CLOSED:
        return str(explain(row.problem_code).cause)
    return str(NOTES.get(Attachment.Status(row.status), ""))
