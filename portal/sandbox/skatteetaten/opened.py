"""Forsendelse åpnet: called with the dialog token when a person reads a feedback or a letter in another system.

It stops reminders. The token is verified against Dialogporten's published keys, as a service owner does, and is good for one
forsendelse: used for another one of the same dialog it is refused. Errors: ProblemDetails.
"""

from __future__ import annotations

from html import escape
from typing import Any

import jwt
import msgspec
from werkzeug.wrappers import Response

from ..dialogs import add_activity, find_dialog
from ..kernel import Call
from ..replies import Reply, as_json
from ..routing import nearest, route, unknown_paths
from . import feedback_documents, urls
from .catalogue import LETTERS, SERVICES
from .records import Feedback, Letter

DIALOGPORTEN = "/platform/dialogporten/api/v1"
ISSUER = DIALOGPORTEN
LEEWAY_SECONDS = 2


@route("GET", f"{urls.OPENED}/<slug>/innhold/v1/dialoger/<dialog_id>/forsendelser/<transmission>")
def opened(call: Call, slug: str, dialog_id: str, transmission: str) -> Response:
    claims = _claims(call)
    if claims.get("i") != dialog_id:
        raise _problem(403, "Forbidden", "Dialogtokenet gjelder en annen dialog.")
    shown = _letter(call, slug, dialog_id, transmission) or _feedback(call, slug, dialog_id, transmission)
    if call.state.skatteetaten.opened_with.setdefault(str(claims.get("jti")), transmission) != transmission:
        raise _problem(403, "Forbidden", "Dialogtokenet er brukt for en annen forsendelse.")
    if shown.opened_at is None:
        shown.opened_at = call.now
        dialog = find_dialog(call.sandbox, dialog_id)
        add_activity(call.sandbox, dialog, type="TransmissionOpened", now=call.now, transmission_id=transmission)
    page = "".join(f"<p>{escape(line)}</p>" for line in _lines(shown))
    return Response(page, content_type="text/html; charset=utf-8")


def _lines(shown: Letter | Feedback) -> list[str]:
    if isinstance(shown, Letter):
        return [shown.title, *shown.text.splitlines()]
    return [feedback_documents.HEADLINE[shown.verdict], *(f"{f.code}: {f.text}" for f in shown.findings)]


@unknown_paths(urls.OPENED)
def unknown(call: Call, status: int, methods: list[str]) -> Response:
    """405 and 404 as ProblemDetails too, with the nearest known path."""
    title = "Method Not Allowed" if status == 405 else "Not Found"
    detail = f"Kjente metoder: {', '.join(methods)}" if methods else ""
    return _problem(status, title, detail, nearest=nearest(call.request.path)).response


def _claims(call: Call) -> dict[str, Any]:
    """The claims of the dialog token in the call: signed by Dialogporten, for this sandbox, not expired."""
    raw = call.request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    try:
        kid = jwt.get_unverified_header(raw).get("kid")
        key = next(key for key in _keys(call) if key.get("kid") == kid)
        options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
        claims = jwt.decode(raw, jwt.PyJWK(key), algorithms=["EdDSA"], options=options)
    except (jwt.PyJWTError, StopIteration):
        raise _problem(401, "Unauthorized", "Dialogtoken mangler eller er ugyldig.") from None
    if claims.get("iss") != f"{call.sandbox.origin}{ISSUER}":
        raise _problem(401, "Unauthorized", "Dialogtokenet har en ukjent utsteder.")
    if float(claims.get("exp", 0)) + LEEWAY_SECONDS <= call.now.timestamp():
        raise _problem(401, "Unauthorized", "Dialogtokenet er utløpt.")
    return claims


def _keys(call: Call) -> list[dict[str, Any]]:
    reply = call.sandbox.perform("GET", f"{DIALOGPORTEN}/.well-known/jwks.json", None)
    if reply.status_code != 200:
        raise _problem(500, "Internal Server Error", "Dialogportens nøkler er ikke tilgjengelige.")
    keys: list[dict[str, Any]] = msgspec.json.decode(reply.get_data())["keys"]
    return keys


def _letter(call: Call, slug: str, dialog_id: str, transmission: str) -> Letter | None:
    letters = call.state.skatteetaten.letters.values()
    letter = next((one for one in letters if one.transmission_id == transmission), None)
    return letter if letter is not None and (letter.dialog_id, LETTERS.slug) == (dialog_id, slug) else None


def _feedback(call: Call, slug: str, dialog_id: str, transmission: str) -> Feedback:
    store = call.state.skatteetaten
    submission = store.submissions.get(store.feedback_of.get(transmission, ""))
    if submission is None or submission.feedback is None or submission.dialog_id != dialog_id:
        raise _problem(404, "Not Found", "Finner ikke forsendelsen på denne dialogen.")
    if SERVICES[submission.service].slug != slug:
        raise _problem(404, "Not Found", "Forsendelsen hører ikke til denne ordningen.")
    return submission.feedback


def _problem(status: int, title: str, detail: str, **more: str) -> Reply:
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return Reply(as_json(body, status=status, content_type="application/problem+json"))
