"""The caller, what its system user may see, and Dialogporten's error answers."""

from __future__ import annotations

from email.utils import format_datetime
from http import HTTPStatus
from typing import Any

from werkzeug.wrappers import Response

from ..altinn import catalogue, rights
from ..kernel import Call, Kernel
from ..replies import Reply, as_json, as_text, empty
from ..state import State, SystemUser
from ..tokens import BadToken, Token, read_token
from .records import Dialog

BASE = "/platform/dialogporten/api/v1"
USER = f"{BASE}/enduser"
SCOPES = frozenset({"digdir:dialogporten", "digdir:dialogporten.noconsent"})
LEVEL = 3
RFC = "https://datatracker.ietf.org/doc/html/"
PROBLEMS = {
    400: ("One or more validation errors occurred.", "rfc7231#section-6.5.1"),
    403: ("Forbidden.", "rfc7231#section-6.5.3"),
    404: ("Resource not found.", "rfc7231#section-6.5.4"),
    406: ("Requested content type is not acceptable.", "rfc7231#section-6.5.6"),
    409: ("Conflict.", "rfc7231#section-6.5.8"),
    410: ("Resource no longer available.", "rfc7231#section-6.5.9"),
    412: ("Precondition failed.", "rfc7232#section-4.2"),
    422: ("Unprocessable request.", "rfc4918#section-11.2"),
}
Known = tuple[float, frozenset[str], frozenset[str], dict[str, frozenset[str]]]
"""Until when it is kept, the resources, the parties, and the resources of those parties that have fewer."""
TRACE = "00-00000000000000000000000000000000-0000000000000000-00"


def problem(
    call: Call, status: int, errors: dict[str, list[str]] | None = None, *, headers: dict[str, str] | None = None
) -> Response:
    title, section = PROBLEMS[status]
    body: dict[str, Any] = {
        "type": RFC + section, "title": title, "status": status, "traceId": TRACE,
        "instance": call.request.path.removeprefix("/platform/dialogporten"),
    }  # fmt: skip
    if errors:
        body["errors"] = errors
    return as_json(body, status=status, headers=headers, content_type="application/problem+json")


def refuse(call: Call, status: int, key: str = "", text: str = "", **more: Any) -> Reply:
    """To raise."""
    return Reply(problem(call, status, {key: [text]} if text else None, **more))


class Reader:
    """The calling system user and what it may see, cached as long as the real service caches it."""

    def __init__(
        self, token: Token, user: SystemUser | None, resources: frozenset[str], parties: frozenset[str], sandbox: Kernel,
        narrower: dict[str, frozenset[str]],
    ) -> None:  # fmt: skip
        self.token = token
        self.user = user
        self.resources = resources
        self.parties = parties
        self.narrower = narrower  # the resources of parties that took some back
        self.salt, self.state = sandbox.salt, sandbox.state
        self.name = user.title if user else ""
        self.urn = f"urn:altinn:systemuser:uuid:{token.system_user_id}"

    def may_read(self, dialog: Dialog) -> bool:
        resources = self.narrower.get(dialog.orgnr, self.resources)
        return dialog.orgnr in self.parties and dialog.resource.removeprefix("urn:altinn:resource:") in resources


def reader(call: Call) -> Reader:
    """The caller. Raises Reply: 401 without body, 403 without body for the scope, 403 JSON for the user type, 503, 429."""
    check_availability(call)
    try:
        token = read_token(call)
    except BadToken as error:
        challenge = "Bearer" if error.reason == "missing" else 'Bearer error="invalid_token"'
        raise Reply(empty(status=HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": challenge})) from None
    if not SCOPES & token.scopes:
        raise Reply(empty(status=403))
    if not token.system_user_id:
        text = "The request was authenticated, but the user type is not one of: Person, SystemUser, IdportenEmailUser."
        raise Reply(as_json(_type_problem(call, text), status=403))
    return _reader(call, token)


def _type_problem(call: Call, text: str) -> dict[str, Any]:
    title, section = PROBLEMS[403]
    path = call.request.path.removeprefix("/platform/dialogporten")
    return {
        "type": RFC + section,
        "title": title,
        "status": 403,
        "instance": path,
        "traceId": TRACE,
        "errors": {"Type": [text]},
    }


def check_availability(call: Call) -> None:
    """The settings for maintenance (503 with a date) and throttling (429 with seconds; an assumption of the sandbox)."""
    settings = call.state.settings
    if settings.maintenance_until and settings.maintenance_until > call.now:
        until = format_datetime(settings.maintenance_until, usegmt=True)
        raise Reply(as_text("Service Unavailable", status=503, headers={"Retry-After": until}))
    if settings.throttle_seconds is not None:
        raise Reply(
            as_text("Too Many Requests", status=429, headers={"Retry-After": str(int(settings.throttle_seconds))})
        )


def _reader(call: Call, token: Token) -> Reader:
    cache: dict[str, Known] = call.sandbox.caches.setdefault("dialog_rights", {})
    now, user = call.now.timestamp(), rights.system_user_of(call.state, token)
    known = cache.get(token.system_user_id)
    if known is None or known[0] <= now:
        resources = rights.resources_of(call.state, user, now=call.now) if user else frozenset()
        parties = frozenset(rights.parties_of(call.state, user)) if user else frozenset()
        narrower = {
            orgnr: rights.resources_of(call.state, user, now=call.now, party=orgnr)
            for orgnr in (user.client_packages if user else {})
            if user
        }
        known = (now + call.state.settings.rights_cache_seconds, resources, parties, narrower)
        if call.state.settings.rights_cache_seconds > 0:
            cache[token.system_user_id] = known
    return Reader(token, user, known[1], known[2], call.sandbox, known[3])


def minimum_level(state: State, resource: str) -> int:
    known = catalogue.resource(state, resource.removeprefix("urn:altinn:resource:"))
    return known.minimum_level if known else LEVEL


def json_only(call: Call) -> None:
    """For calls without a token: maintenance applies, and only JSON is accepted."""
    check_availability(call)
    accept = call.request.accept_mimetypes
    if accept and not accept.accept_json:
        raise refuse(call, 406)
