"""The page at `/control`, where a person plays the other parties. Plain forms; each makes one of the JSON calls.

A form posts to `/control/play` the call it stands for and fields named `kind:name`; kinds are text, number, flag, list.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from .control_input import wrong
from .faults import KINDS
from .render import page
from .routing import SERVICES, route
from .skatteetaten.catalogue import SERVICES as TAX_SERVICES
from .state import Settings

if TYPE_CHECKING:
    from .app import Call

CALL = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/control/[\w/.~%-]*)")
SHOWN = 25


@route("GET", "/control")
def control_page(call: Call) -> Response:
    args, state = call.request.args, call.state
    return page(
        "control.html",
        said=args.get("said", ""),
        failed=args.get("failed") == "1",
        now=call.now,
        clock=call.sandbox.clock.dump(),
        organisations=state.organisations,
        requests=[r for r in state.requests.values() if r.status == "New"][-SHOWN:],
        changes=[c for c in state.change_requests.values() if c.status == "New"][-SHOWN:],
        system_users=[u for u in _last(state.system_users) if not u.deleted],
        counts={"organisations": len(state.organisations), "system users": len(state.system_users)},
        submissions=_last(state.skatteetaten.submissions),
        verdicts=state.skatteetaten.verdicts,
        tax_services=TAX_SERVICES,
        faults=call.sandbox.faults.pending,
        kinds=sorted(KINDS),
        services=list(SERVICES.values()),
        settings=_settings(state.settings),
        calls=list(call.sandbox.calls)[: -SHOWN - 1 : -1],
    )


@route("POST", "/control/play")
def play(call: Call) -> Response:
    """Make the call a form stands for, and show the page again with what came of it."""
    form = call.request.form
    found = CALL.fullmatch(form.get("call", ""))
    if found is None or found[2] == "/control/play":
        raise wrong("call: must be a method and a path below /control/.", field="call")
    reply = call.sandbox.perform(found[1], found[2], _body(form))
    said = form.get("said", "Done.") if reply.status_code < 400 else _reason(reply)
    query = urlencode({"said": said, "failed": int(reply.status_code >= 400)})
    return redirect(f"/control?{query}#{form.get('back', '')}", code=303)


def _body(form: Any) -> dict[str, Any]:
    """The JSON body that the filled-in fields make; empty ones are left out."""
    body: dict[str, Any] = {}
    for key, text in form.items():
        kind, _, name = key.partition(":")
        if name and text.strip():
            body[name] = _value(kind, text.strip())
    return body


def _value(kind: str, text: str) -> Any:
    """A field's value; what is no number stays text, and the call says what is wrong with it."""
    if kind == "flag":
        return text == "true"
    if kind == "list":
        return [line.strip() for line in text.splitlines() if line.strip()]
    if kind == "number" and re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", text):
        return float(text) if "." in text else int(text)
    return text


def _reason(reply: Response) -> str:
    """The sentence in a refusal, whichever shape the refusing room gives it."""
    try:
        body = msgspec.json.decode(reply.get_data())
    except msgspec.DecodeError:
        return reply.status
    texts = [body.get(name) for name in ("error", "detail", "title", "melding")] if isinstance(body, dict) else []
    return next((text for text in texts if isinstance(text, str) and text), reply.status)


def _last(found: dict[str, Any]) -> list[Any]:
    """The newest few, newest first, without copying what may be hundreds of thousands."""
    newest = reversed(found.values())
    return [value for value, _ in zip(newest, range(SHOWN), strict=False)]


def _settings(settings: Settings) -> list[dict[str, Any]]:
    """The settings a form can change: each with its name, value and kind."""
    values = msgspec.to_builtins(settings)
    kinds = {bool: "flag", int: "number", float: "number"}
    return [{"name": n, "value": v, "kind": kinds[type(v)]} for n, v in values.items() if type(v) in kinds]
