"""The addresses in Skatteetaten's dialogs: documents for programs and for people, and "forsendelse åpnet"."""

from __future__ import annotations

from ..kernel import Kernel
from .catalogue import CONTROL, LETTERS, RF1086, SERVICES
from .records import Letter, Submission

OPENED = "/skatteetaten/forsendelseaapnet/web"
FEEDBACK_HOST = "/skatteetaten/ameldingtilbakemelding/v1"


def base(service_id: str) -> str:
    """The path below which a service answers."""
    service = SERVICES[service_id]
    if service.id == RF1086.id:
        return "/skatteetaten/api/aksjonaerregister/v1"
    return f"/skatteetaten/{service.label}/v1"


def document(sandbox: Kernel, submission: Submission, transmission: str, document_id: str) -> str:
    """Where a program fetches a document of a transmission."""
    service = SERVICES[submission.service]
    tail = f"forsendelser/{transmission}/dokumenter/{document_id}"
    if service.codes == "AMLD":
        return f"{sandbox.origin}{FEEDBACK_HOST}/forsendelser/{transmission}"
    if service.id in ("innrapportering-tpo-filmottak", CONTROL.id):
        return f"{sandbox.origin}{base(service.id)}/{tail}"
    return f"{sandbox.origin}{base(service.id)}/{submission.period}/{tail}"


def for_people(sandbox: Kernel, submission: Submission, transmission: str) -> str:
    """Where a person would read it, in Skatteetaten's own pages; the sandbox has none of those."""
    return f"{sandbox.origin}/skatteetaten/web/innboks/{submission.dialog_id}/{transmission}"


def opened(sandbox: Kernel, submission: Submission, transmission: str) -> str:
    """What to call with the dialog token when a person reads the feedback in another system."""
    slug = SERVICES[submission.service].slug
    where = f"{slug}/innhold/v1/dialoger/{submission.dialog_id}/forsendelser/{transmission}"
    return f"{sandbox.origin}{OPENED}/{where}"


def opened_letter(sandbox: Kernel, letter: Letter) -> str:
    """The same for a letter. Which word a letter's address has in place of the ordning is not published."""
    where = f"{LETTERS.slug}/innhold/v1/dialoger/{letter.dialog_id}/forsendelser/{letter.transmission_id}"
    return f"{sandbox.origin}{OPENED}/{where}"
