"""The page at `/control`, where a person acts as the other organisations. Each form makes one of the JSON calls.

A form posts to `/control/play` the call and its fields (see `control.forms`). A file is sent unchanged.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import islice
from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from ..altinn import catalogue
from ..altinn.decisions import persons_of
from ..dialogporten.records import ACTIVITIES, TRANSMISSIONS
from ..dialogporten.search import STATUSES
from ..faults import KINDS
from ..kernel import Call
from ..render import page
from ..replies import Reply
from ..routing import SERVICES, route
from ..skatteetaten.catalogue import SERVICES as TAX_SERVICES
from ..state import Settings
from .altinn import ROLES
from .catalogue import KINDS as RESOURCE_KINDS
from .forms import body_of
from .general import DELIVERY_KINDS
from .input import wrong
from .maskinporten import shown

CALL = re.compile(r"(GET|POST|PUT|PATCH|DELETE) (/control/[\w/.~%-]*)", re.ASCII)
SHOWN = 25


@route("GET", "/control")
def control_page(call: Call) -> Response:
    args = call.request.args
    return _page(call, said=args.get("said", ""), failed=args.get("failed") == "1", sought=args.get("q", ""))


def _page(call: Call, *, said: str, failed: bool, answer: str = "", sought: str = "") -> Response:
    text = " ".join(sought.split())
    shown = _shown(call, _finder(call, text))
    about: dict[str, Any] = {
        "said": said,
        "failed": failed,
        "answer": answer,
        "sought": text,
        "now": call.now,
        "quote": quote,
    }
    return page("control.html", **about, **shown)


Finder = Callable[[Any], bool]


def _finder(call: Call, text: str) -> Finder:
    """Whether a row is of an organisation that is sought: by the beginning of its number, or a part of its name. "": all are."""
    if not text:
        return lambda _row: True
    number, name = text.replace(" ", ""), text.casefold()
    known = call.state.organisations

    def fits(row: Any) -> bool:
        organisation = known.get(row.orgnr)
        is_named = organisation is not None and name in organisation.name.casefold()
        return is_named or (number.isdecimal() and row.orgnr.startswith(number))

    return fits


def _shown(call: Call, fits: Finder) -> dict[str, Any]:
    """The data of the sections of the page, of the organisations that are sought."""
    state, faults = call.state, call.sandbox.faults
    return {
        "clock": call.sandbox.clock.dump(), "organisations": state.organisations, "persons_of": persons_of,
        "requests": [r for r in state.requests.values() if r.status == "New" and fits(r)][-SHOWN:],
        "changes": [c for c in state.change_requests.values() if c.status == "New" and fits(c)][-SHOWN:],
        "system_users": [u for u in _last(state.system_users, fits) if not u.deleted],
        "counts": {"organisations": len(state.organisations), "system users": len(state.system_users)},
        "newest": _last(state.organisations, fits), "roles": sorted(ROLES), "systems": list(state.systems),
        "clients": [shown(client) for client in state.clients.values()],
        "dialogs": [d for d in _last(state.dialogs, fits) if not d.deleted][:10], "statuses": sorted(STATUSES),
        "transmissions": sorted(TRANSMISSIONS), "activities": sorted(ACTIVITIES),
        "submissions": _last(state.skatteetaten.submissions, fits), "verdicts": state.skatteetaten.verdicts,
        "instances": [one for one in _last(state.apps.instances, fits) if not one.deleted],
        "tax_services": TAX_SERVICES, "faults": faults.pending, "kinds": sorted(KINDS | DELIVERY_KINDS.keys()),
        "services": list(SERVICES.values()), "settings": _settings(state.settings),
        "catalogue_counts": (len(catalogue.resources(state)), len(catalogue.packages(state))),
        "resource_kinds": sorted(RESOURCE_KINDS),
        "calls": list(call.sandbox.calls)[: -SHOWN - 1 : -1],
    }  # fmt: skip


@route("POST", "/control/play")
def play(call: Call) -> Response:
    """Make the call of a form, and show the page again with the result."""
    form = call.request.form
    target = CALL.fullmatch(form.get("call", ""))
    if target is None or target[2] == "/control/play":
        raise wrong("call: must be a method and a path below /control/.", field="call")
    reply = _made(call, target[1], target[2])
    failed = reply.status_code >= 400
    said = _reason(reply) if failed else form.get("said", "Done.")
    if form.get("show") and not failed:
        return _page(call, said=said, failed=False, answer=_written(reply), sought=form.get("q", ""))
    query = urlencode({"said": said, "failed": int(failed), **({"q": form["q"]} if form.get("q") else {})})
    return redirect(f"/control?{query}#{quote(form.get('back', ''))}", code=303)


def _made(call: Call, method: str, path: str) -> Response:
    file = call.request.files.get("file")
    try:
        body = file.read() if file else body_of(call.request.form)
        return call.sandbox.perform(method, path, body)
    except Reply as refused:
        return refused.response
    finally:
        call.request.close()  # this closes the uploaded file, which may be on disk


def _written(reply: Response) -> str:
    return msgspec.json.format(reply.get_data() or b"null", indent=2).decode()


def _reason(reply: Response) -> str:
    """The sentence in an error answer, in any of the formats of the services."""
    try:
        body = msgspec.json.decode(reply.get_data())
    except msgspec.DecodeError:
        return reply.status
    texts = [body.get(name) for name in ("error", "detail", "title", "melding")] if isinstance(body, dict) else []
    return next((text for text in texts if isinstance(text, str) and text), reply.status)


def _last(rows: dict[str, Any], fits: Finder) -> list[Any]:
    """The newest rows that fit, newest first, without copying the whole dict."""
    return list(islice(filter(fits, reversed(rows.values())), SHOWN))


def _settings(settings: Settings) -> list[dict[str, Any]]:
    """The settings as form fields: name, value and kind; an optional one has a kind with `?`."""
    values = msgspec.to_builtins(settings)
    kinds = {bool: "flag", int: "number", float: "number", str: "text?", type(None): "text?"}
    kinds_by_name = dict.fromkeys(("throttle_seconds", "slow_search_over_days"), "number?")
    return [{"name": n, "value": v, "kind": kinds_by_name.get(n, kinds[type(v)])} for n, v in values.items()]
