"""The approval pages of `confirmUrl`: pick a person, read the request, approve, reject or escalate, and return.

The return is a 302 to the redirect address exactly as the vendor sent it, whatever the decision. Known to differ: a
person is picked instead of logging in, and the texts are the sandbox's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec
from werkzeug.wrappers import Response

from ..altinn import decisions
from ..altinn.requests import is_timed_out
from ..kernel import Call
from ..render import PAGES, page
from ..replies import Reply
from ..routing import route
from ..state import ChangeRequest, Organisation, Person, Request
from .content import about, powers, roles_of, title_of
from .texts import LANGUAGES, TEXTS

BASE = "/am-ui/accessmanagement/ui/systemuser"
KINDS = {"request": "standard", "agentrequest": "agent", "changerequest": "change"}
REFUSALS = {
    "AUTH-00068": "lacks",
    "AUTH-00053": "lacks",
    "AUTH-00001": "undelegable",
    "AUTH-00004": "exists",
    "AUTH-00011": "withdrawn",
    "AUTH-00015": "withdrawn",
    "AUTH-00016": "not_allowed",
    "AUTH-00017": "unnamed",
    "AUTH-00066": "no_relation",
}
CONFIRMATIONS = {"approve": "approved_now", "reject": "rejected_now", "escalate": "escalated"}


class UnchangedRedirect(Response):
    """A redirect whose address werkzeug does not normalise. Characters outside ASCII are still escaped."""

    def get_wsgi_headers(self, environ: Any) -> Any:
        headers = super().get_wsgi_headers(environ)
        if self.headers["Location"].isascii():
            headers["Location"] = self.headers["Location"]
        return headers


@dataclass
class Visit:
    """One view of one request, in one language, by a person when one is picked."""

    call: Call
    kind: str
    request: Request | ChangeRequest
    organisation: Organisation
    language: str
    person: Person | None

    @property
    def texts(self) -> dict[str, str]:
        return TEXTS[self.language]

    def address(self, *, language: str = "", person: str | None = None) -> str:
        chosen = self.person.name if person is None and self.person else person
        query = {"id": self.request.id, "lang": language or self.language, **({"person": chosen} if chosen else {})}
        path = next(name for name, kind in KINDS.items() if kind == self.kind)
        return f"{BASE}/{path}?{urlencode(query)}"


@route("GET", "/am-ui/approval.css")
def style(call: Call) -> Response:
    return Response((PAGES / "approval.css").read_bytes(), content_type="text/css; charset=utf-8")


@route("GET", f"{BASE}/<name>")
def show(call: Call, name: str) -> Response:
    visit = _visit(call, name, call.request.args)
    return visit if isinstance(visit, Response) else _page(visit)


@route("POST", f"{BASE}/<name>")
def act(call: Call, name: str) -> Response:
    visit = _visit(call, name, call.request.values)
    if isinstance(visit, Response):
        return visit
    if _closed(visit):
        return _page(visit, status=409)
    chosen = call.request.form.get("act", "")
    action = _actions(visit, visit.person).get(chosen) if visit.person else None
    if action is None:
        return _page(visit, problem=visit.texts["choose"], status=400)
    try:
        action()
    except Reply as refused:
        return _refused(visit, refused.response)
    if visit.request.redirect_url:
        return UnchangedRedirect("", status=302, headers={"Location": visit.request.redirect_url})
    return _page(visit, confirmation=visit.texts[CONFIRMATIONS[chosen]])


def _refused(visit: Visit, refusal: Response) -> Response:
    code = msgspec.json.decode(refusal.get_data()).get("code", "")
    return _page(visit, problem=f"{visit.texts[REFUSALS.get(code, 'failed')]} ({code})", status=refusal.status_code)


def _actions(visit: Visit, person: Person) -> dict[str, Callable[[], Any]]:
    """What each button does. A change request cannot be escalated."""
    request, state = visit.request, visit.call.state
    if isinstance(request, ChangeRequest):
        return {
            "approve": lambda: decisions.approve_change(state, request, person=person, now=visit.call.now),
            "reject": lambda: decisions.reject_change(request, person=person),
        }
    return {
        "approve": lambda: decisions.approve(state, request, person=person, now=visit.call.now),
        "reject": lambda: decisions.reject(request, person=person),
        "escalate": lambda: decisions.escalate(request, person=person),
    }


def _visit(call: Call, name: str, given: Any) -> Visit | Response:
    language = given.get("lang", "nb") if given.get("lang", "nb") in TEXTS else "nb"
    kind, ident = KINDS.get(name, ""), given.get("id", "").lower()
    rows: Any = call.state.change_requests if kind == "change" else call.state.requests
    request = rows.get(ident)
    organisation = call.state.organisations.get(request.orgnr) if request else None
    if not kind or request is None or organisation is None or kind not in ("change", getattr(request, "kind", kind)):
        return _unknown(name, language, ident)
    person = next((p for p in decisions.persons_of(organisation) if p.name == given.get("person", "")), None)
    return Visit(call, kind, request, organisation, language, person)


def _unknown(name: str, language: str, ident: str) -> Response:
    path = name if name in KINDS else "request"
    return page(
        "approval.html",
        status=404,
        t=TEXTS[language],
        language=language,
        languages=[(code, text, f"{BASE}/{path}?{urlencode({'id': ident, 'lang': code})}") for code, text in LANGUAGES],
        view="message",
        title=TEXTS[language]["unknown"],
        message=TEXTS[language]["unknown"],
    )


def _closed(visit: Visit) -> str:
    """Why no decision is possible any more; "" when one is."""
    if visit.request.status != "New":
        return visit.texts.get(visit.request.status, visit.texts["unknown"])
    return visit.texts["Timedout"] if is_timed_out(visit.request, visit.call) else ""


def _page(visit: Visit, *, problem: str = "", confirmation: str = "", status: int = 200) -> Response:
    closed = "" if confirmation else _closed(visit)
    view = "confirmation" if confirmation else "message" if closed else _view_of(visit)
    system = visit.call.state.systems[visit.request.system_id]
    vendor = visit.call.state.organisations.get(system.orgnr)
    return page(
        "approval.html",
        status=403 if view == "no_relation" and status == 200 else status,
        t=visit.texts,
        language=visit.language,
        languages=[(code, text, visit.address(language=code)) for code, text in LANGUAGES],
        view=view,
        message=confirmation or closed,
        problem=problem,
        visit=visit,
        title=title_of(visit.kind, system, vendor, visit.language),
        about=about(system, vendor, visit.organisation, visit.language),
        persons=[(p.name, roles_of(p, visit.language)) for p in decisions.persons_of(visit.organisation)],
        you=_you(visit),
        **powers(visit.call.state, visit.request, visit.language),
    )


def _view_of(visit: Visit) -> str:
    if visit.person is None:
        return "who"
    if not visit.person.roles:
        return "no_relation"
    if decisions.is_access_manager(visit.person):
        return "decide"
    return "cannot" if isinstance(visit.request, ChangeRequest) else "escalate"


def _you(visit: Visit) -> str:
    if visit.person is None:
        return ""
    return visit.texts["as"].format(person=visit.person.name, roles=roles_of(visit.person, visit.language))
