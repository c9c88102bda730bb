"""The pages behind `confirmUrl`: pick who you are, read what is asked, approve, reject or send on, and go back.

The way back is a plain 302 to the redirect address exactly as the vendor sent it, whatever was decided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import msgspec
from werkzeug.wrappers import Response

from .altinn import catalogue, decisions, gate
from .altinn.requests import is_timed_out
from .app import Call
from .approval_texts import ROLES, TEXTS
from .render import page
from .replies import Reply
from .routing import route
from .state import ChangeRequest, Organisation, Person, Request

BASE = "/am-ui/accessmanagement/ui/systemuser"
KINDS = {"request": "standard", "agentrequest": "agent", "changerequest": "change"}
REFUSALS = {
    "AUTH-00068": "lacks",
    "AUTH-00053": "lacks",
    "AUTH-00001": "undelegable",
    "AUTH-00004": "exists",
    "AUTH-00066": "stranger",
}
MANAGER_ONLY = ("approve", "reject")


@dataclass
class Visit:
    """One look at one request, in one language, by a person when one is picked."""

    call: Call
    kind: str
    asked: Request | ChangeRequest
    organisation: Organisation
    language: str
    person: Person | None

    @property
    def texts(self) -> dict[str, str]:
        return TEXTS[self.language]

    def address(self, *, language: str = "", person: str | None = None) -> str:
        chosen = self.person.name if person is None and self.person else person
        query = {"id": self.asked.id, "lang": language or self.language, **({"person": chosen} if chosen else {})}
        path = next(name for name, kind in KINDS.items() if kind == self.kind)
        return f"{BASE}/{path}?{urlencode(query)}"


@route("GET", f"{BASE}/<name>")
def show(call: Call, name: str) -> Response:
    visit = _visit(call, name, call.request.args)
    return visit if isinstance(visit, Response) else _page(visit)


@route("POST", f"{BASE}/<name>")
def act(call: Call, name: str) -> Response:
    visit = _visit(call, name, call.request.values)
    if isinstance(visit, Response):
        return visit
    done = call.request.form.get("act", "")
    if visit.person is None or _closed(visit):
        return _page(visit)
    try:
        _do(visit, done)
    except Reply as refused:
        code = msgspec.json.decode(refused.response.get_data()).get("code", "")
        return _page(
            visit, problem=f"{visit.texts[REFUSALS.get(code, 'unknown')]} ({code})", status=refused.response.status_code
        )
    if visit.asked.redirect_url:
        return Response("", status=302, headers={"Location": visit.asked.redirect_url})
    return _page(visit, said=visit.texts[{"approve": "approved_now", "reject": "rejected_now"}.get(done, "escalated")])


def _do(visit: Visit, done: str) -> None:
    asked, person, state = visit.asked, visit.person, visit.call.state
    assert person is not None
    if isinstance(asked, ChangeRequest):
        acts: dict[str, Any] = {
            "approve": lambda: decisions.approve_change(state, asked, person=person),
            "reject": lambda: decisions.reject_change(asked, person=person),
        }
    else:
        acts = {
            "approve": lambda: decisions.approve(state, asked, person=person, now=visit.call.now),
            "reject": lambda: decisions.reject(asked, person=person),
            "escalate": lambda: decisions.escalate(asked, person=person),
        }
    if done in acts:
        acts[done]()


def _visit(call: Call, name: str, given: Any) -> Visit | Response:
    language = given.get("lang", "nb") if given.get("lang", "nb") in TEXTS else "nb"
    kind = KINDS.get(name, "")
    rows: Any = call.state.change_requests if kind == "change" else call.state.requests
    asked = rows.get(given.get("id", "").lower())
    if not kind or asked is None or kind not in ("change", getattr(asked, "kind", kind)):
        return _message(language, TEXTS[language]["unknown"], status=404)
    organisation = call.state.organisations[asked.orgnr]
    persons = decisions.persons_of(organisation)
    person = next((p for p in persons if p.name == given.get("person", "")), None)
    return Visit(call, kind, asked, organisation, language, person)


def _message(language: str, text: str, *, status: int = 200) -> Response:
    return page(
        "approval.html", status=status, t=TEXTS[language], language=language, view="message", message=text, languages=[]
    )


def _closed(visit: Visit) -> str:
    """Why nothing can be decided any more; "" when it can."""
    if visit.asked.status != "New":
        return visit.texts[visit.asked.status]
    return visit.texts["Timedout"] if is_timed_out(visit.asked, visit.call) else ""


def _page(visit: Visit, *, problem: str = "", said: str = "", status: int = 200) -> Response:
    closed = "" if said else _closed(visit)
    view = "said" if said else "message" if closed else "who" if visit.person is None else _view_of(visit, visit.person)
    return page(
        "approval.html",
        status=403 if view == "stranger" and status == 200 else status,
        t=visit.texts,
        language=visit.language,
        languages=[(code, visit.address(language=code)) for code in TEXTS],
        view=view,
        message=said or closed,
        problem=problem,
        visit=visit,
        title=_title(visit),
        about=_about(visit),
        persons=[(p.name, _roles(p, visit.language)) for p in decisions.persons_of(visit.organisation)],
        you=_you(visit),
        **_powers(visit),
    )


def _view_of(visit: Visit, person: Person) -> str:
    if not person.roles:
        return "stranger"
    if decisions.is_access_manager(person):
        return "decide"
    return "cannot" if isinstance(visit.asked, ChangeRequest) else "escalate"


def _title(visit: Visit) -> str:
    system = visit.call.state.systems[visit.asked.system_id]
    vendor = visit.call.state.organisations.get(system.orgnr)
    key = {"standard": "title", "agent": "agent_title", "change": "change_title"}[visit.kind]
    return visit.texts[key].format(vendor=vendor.name if vendor else system.orgnr)


def _about(visit: Visit) -> str:
    system = visit.call.state.systems[visit.asked.system_id]
    name = system.name.get(visit.language) or system.name.get("nb", system.id)
    orgnr = visit.organisation.orgnr
    return visit.texts["for"].format(
        name=visit.organisation.name, orgnr=f"{orgnr[:3]} {orgnr[3:6]} {orgnr[6:]}", system=name
    )


def _roles(person: Person, language: str) -> str:
    names = [ROLES.get(role, {}).get(language, role) for role in person.roles]
    return ", ".join(names) or TEXTS[language]["no_role"]


def _you(visit: Visit) -> str:
    if visit.person is None:
        return ""
    return visit.texts["as"].format(person=visit.person.name, roles=_roles(visit.person, visit.language))


def _powers(visit: Visit) -> dict[str, list[str]]:
    asked = visit.asked
    if isinstance(asked, ChangeRequest):
        return {
            "powers": _words(asked.required_rights, asked.required_packages),
            "removed": _words(asked.unwanted_rights, asked.unwanted_packages),
        }
    return {"powers": _words(asked.rights, asked.packages), "removed": []}


def _words(rights: list[dict[str, Any]], packages: list[str]) -> list[str]:
    known = catalogue.resources()
    titles = [known[r].title if r in known else r for r in gate.resource_ids(rights)]
    found = [(urn, catalogue.package(urn)) for urn in packages]
    return titles + [package.name if package else urn for urn, package in found]
