"""The page of Skatteetaten's inbox for a person, behind the addresses for people. No log-in is imitated."""

from __future__ import annotations

from werkzeug.wrappers import Response

from ..kernel import Call
from ..render import page
from ..routing import route
from . import feedback_documents

PATH = "/skatteetaten/web/innboks/<dialog_id>/<transmission>"


@route("GET", PATH)
def message(call: Call, dialog_id: str, transmission: str) -> Response:
    """A submission, its feedback, or a letter. Anything else is a 404 with a page."""
    store = call.state.skatteetaten
    letter = next((one for one in store.letters.values() if one.transmission_id == transmission), None)
    if letter is not None and letter.dialog_id == dialog_id:
        return page("inbox.html", title=letter.title, lines=letter.text.splitlines(), findings=[])
    submission = store.submissions.get(store.feedback_of.get(transmission, transmission))
    if submission is None or submission.dialog_id != dialog_id:
        text = "Skatteetaten har ingen slik melding i denne dialogen."
        return page("inbox.html", status=404, title="Fant ikke meldingen", lines=[text], findings=[])
    feedback = submission.feedback if transmission in store.feedback_of else None
    headline = feedback_documents.HEADLINE[feedback.verdict] if feedback else "Innsendingen er mottatt"
    facts = [f"Organisasjonsnummer {submission.orgnr}", f"Referanse {submission.reference}"]
    findings = feedback.findings if feedback else []
    return page("inbox.html", title=submission.title, lines=[headline, *facts], findings=findings)
