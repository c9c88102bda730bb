"""`GET /control/bulk/contents`: what a program that follows everything should hold by now, to be compared with what it holds."""

from __future__ import annotations

import hashlib
from typing import Any

from werkzeug.wrappers import Response

from ..dialogporten.records import FROM_PARTY, Attachment, Dialog, Transmission
from ..kernel import Call
from ..replies import as_json
from ..routing import route
from ..skatteetaten import documents, letters
from ..state import State


@route("GET", "/control/bulk/contents")
def contents(call: Call) -> Response:
    """`dialogs`: those that a search shows now, by id; `seen`: how often a dialog was marked as seen; `submissions`: what
    Skatteetaten has received, by id, with its verdict ("" while there is none).
    """
    every = call.state.dialogs.values()
    submissions = call.state.skatteetaten.submissions.values()
    return as_json(
        {
            "dialogs": {one.id: _dialog(call.state, one) for one in every if one.is_live(call.now)},
            "seen": sum(len(one.seen) for one in every),
            "submissions": {one.id: one.feedback.verdict if one.feedback else "" for one in submissions},
        }
    )


def _dialog(state: State, dialog: Dialog) -> dict[str, Any]:
    """`documents`: the SHA-256 of each by the id of its attachment; not of what the party sent itself or the sender took back."""
    answers = [one for one in dialog.transmissions if one.type not in FROM_PARTY and one.deleted_at is None]
    hashes = {each.id: _hash(state, one, each) for one in answers for each in one.attachments}
    return {
        "orgnr": dialog.orgnr,
        "status": dialog.status,
        "title": dialog.title.get("nb", ""),
        "due_at": dialog.due_at,
        "updated_at": dialog.updated_at,
        "content_updated_at": dialog.content_updated_at,
        "labels": sorted(dialog.labels),
        "transmissions": {
            one.id: [one.type, one.related_id, one.deleted_at is not None] for one in dialog.transmissions
        },
        "activities": sorted(one.id for one in dialog.activities),
        "documents": {ident: found for ident, found in hashes.items() if found},
    }


def _hash(state: State, transmission: Transmission, attachment: Attachment) -> str:
    """ "" for one that no program may fetch."""
    if not any(url.consumer_type == "Api" for url in attachment.urls):
        return ""
    letter = state.skatteetaten.letters.get(attachment.id)
    if letter is not None:
        return hashlib.sha256(letters.content_of(letter)).hexdigest()
    submission = state.skatteetaten.submissions.get(transmission.related_id)
    found = documents.content_of(submission, transmission.id, attachment.id) if submission else None
    return hashlib.sha256(found[0]).hexdigest() if found else ""
