"""The subscription API. Only exchanged Altinn tokens are accepted. Creating an identical subscription validates it again."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
from werkzeug.wrappers import Response

from ..altinn.system_register import is_loopback
from ..dialogporten.records import PARTY
from ..dialogs import stamp
from ..kernel import Call
from ..replies import Reply, as_json, empty
from ..routing import route
from ..state import Subscription
from ..tokens import BadToken, Token, read_token
from . import delivery, index

BASE = "/platform/events/api/v1"
SCOPE = "altinn:events.subscribe"
RESOURCE = "urn:altinn:resource:"
KINDS: dict[str, type] = {
    "endpoint": str, "resourcefilter": str, "subjectfilter": str, "typefilter": str, "includesubunits": bool,
}  # fmt: skip


def caller(call: Call) -> Token:
    """No clock skew is allowed, and a Maskinporten token is refused."""
    try:
        return read_token(call, issuers=("altinn",), leeway=0)
    except BadToken:
        raise Reply(empty(status=401)) from None


def consumer_of(token: Token) -> str:
    return f"/systemuser/{token.system_user_id}" if token.system_user_id else f"/organisation/{token.orgnr}"


def refusal(text: str, *, status: int = 400) -> Reply:
    """To raise: a bare JSON string."""
    return Reply(as_json(text, status=status))


@route("POST", f"{BASE}/subscriptions")
def create(call: Call) -> Response:
    token = caller(call)
    wanted = _read(call)
    if SCOPE not in token.scopes:
        return empty(status=403)
    consumer = consumer_of(token)
    orgnr = wanted.subject.removeprefix(PARTY)
    if not delivery.may_subscribe(call.sandbox, consumer=consumer, resource=wanted.resource, orgnr=orgnr):
        raise refusal(f"Not authorized to create a subscription for resource {wanted.resource}.", status=403)
    stored = _same(call, wanted, consumer) or _store(call, wanted, consumer)
    stored.validated = False
    call.state.schedule(due=call.now, kind="events.validate", data={"subscription": stored.id, "attempt": 0})
    return as_json(_shown(stored), status=201, headers={"Location": f"/events/api/v1/subscription/{stored.id}"})


def _read(call: Call) -> Subscription:
    try:
        body = call.body()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise refusal("The body is not a JSON object.")
    given = {k.lower(): v for k, v in body.items() if v is not None}
    unfit = [name for name, kind in KINDS.items() if not isinstance(given.get(name, kind()), kind)]
    if unfit:
        raise refusal(f"The value of {unfit[0]} has the wrong type.")
    wanted = Subscription(
        id=0, endpoint=given.get("endpoint", ""), resource=given.get("resourcefilter", ""),
        subject=given.get("subjectfilter", ""), type=given.get("typefilter", ""), consumer="", created=call.now,
        include_subunits=given.get("includesubunits", False),
    )  # fmt: skip
    _check(call, wanted, given)
    return wanted


def _check(call: Call, wanted: Subscription, given: dict[str, Any]) -> None:
    if not _is_reachable(wanted.endpoint, loopback=call.state.settings.allow_loopback_http):
        raise refusal("Endpoint must be an absolute https address.")
    if not wanted.resource.startswith(RESOURCE) or wanted.resource != wanted.resource.lower() or "*" in wanted.resource:
        raise refusal("Resource filter must be a lower-case urn of one resource.")
    if given.get("sourcefilter"):
        raise refusal("Source filter is not supported for subscriptions on generic event sources.")
    if given.get("alternativesubjectfilter"):
        raise refusal("Alternative subject is not supported for subscriptions on generic event sources.")
    if wanted.include_subunits and not wanted.subject:
        raise refusal("includeSubunits needs a subject filter.")


def _is_reachable(text: str, *, loopback: bool) -> bool:
    """An absolute https address that can be called."""
    try:
        httpx.URL(text)  # raises for an address that cannot be called
        url = urlsplit(text)
    except (httpx.InvalidURL, ValueError):
        return False
    is_ours = loopback and url.scheme == "http" and is_loopback(url.hostname)
    return bool(url.hostname) and " " not in text and (url.scheme == "https" or is_ours)


def _same(call: Call, wanted: Subscription, consumer: str) -> Subscription | None:
    def key(s: Subscription) -> tuple[str, ...]:
        return s.endpoint, s.resource, s.subject, s.type, str(s.include_subunits)

    return next((s for s in index.of_consumer(call.sandbox, consumer) if key(s) == key(wanted)), None)


def _store(call: Call, wanted: Subscription, consumer: str) -> Subscription:
    wanted.id, wanted.consumer = call.state.sequence() + 48_000, consumer
    index.index(call.sandbox).add(wanted)
    return wanted


def _shown(subscription: Subscription) -> dict[str, Any]:
    shown = {
        "id": subscription.id, "endPoint": subscription.endpoint, "resourceFilter": subscription.resource,
        "subjectFilter": subscription.subject,
        "typeFilter": subscription.type, "consumer": subscription.consumer,
        "createdBy": subscription.consumer, "created": stamp(subscription.created),
        "validated": subscription.validated, "includeSubunits": subscription.include_subunits,
    }  # fmt: skip
    return {name: value for name, value in shown.items() if value != ""}


@route("GET", f"{BASE}/subscriptions")
def list_own(call: Call) -> Response:
    consumer = consumer_of(caller(call))
    own = [_shown(s) for s in index.of_consumer(call.sandbox, consumer)]
    return as_json({"count": len(own), "subscriptions": own})


def _own(call: Call, subscription_id: str) -> Subscription:
    consumer = consumer_of(caller(call))
    subscription = call.state.subscriptions.get(_whole(subscription_id, default=0))
    if subscription is None:
        raise Reply(empty(status=404))
    if subscription.consumer != consumer:
        raise Reply(empty(status=403))
    return subscription


@route("GET", f"{BASE}/subscriptions/<subscription_id>")
def read(call: Call, subscription_id: str) -> Response:
    return as_json(_shown(_own(call, subscription_id)))


@route("DELETE", f"{BASE}/subscriptions/<subscription_id>")
def delete(call: Call, subscription_id: str) -> Response:
    """Removed from every list, but still delivered to until the cached list of subscribers expires."""
    subscription = _own(call, subscription_id)
    index.index(call.sandbox).remove(subscription)
    call.state.removed_subscriptions[subscription.id] = subscription
    return empty(status=200)


VISIBLE_AFTER = 30.0
MOST, USUAL = 1000, 50


@route("GET", f"{BASE}/events")
def poll(call: Call) -> Response:
    """Pages of events in order of registration. Rights are applied after paging, so a page may be short."""
    token = caller(call)
    if SCOPE not in token.scopes:
        return empty(status=403)
    args = call.request.args
    resource, after, subject = args.get("resource", ""), args.get("after"), args.get("subject", "")
    if not resource.startswith(RESOURCE) or after is None:
        raise refusal("The parameters 'resource' (an urn of a resource) and 'after' are required.")
    if subject and call.request.headers.get("Altinn-AlternativeSubject"):
        raise refusal("Only one of 'subject' and the alternative subject can be given.")
    size = _whole(args.get("size", ""), default=USUAL)
    page = _page(call, resource, subject, args.getlist("type"), after, max(1, min(size, MOST)))
    shown = [e for e in page if _may_see(call, consumer_of(token), e)]
    headers = {}
    if shown:
        headers["next"] = (
            f"{call.sandbox.origin}{BASE}/events?resource={resource}&after={page[-1]['id']}&subject={subject}"
        )
    body = [{k: v for k, v in event.items() if not k.startswith("_")} for event in shown]
    return as_json(body, headers=headers, content_type="application/cloudevents+json")


def _whole(text: str, *, default: int) -> int:
    """A number of up to nine digits; of a longer one the first nine are used."""
    return int(text[:9]) if text.isascii() and text.isdecimal() else default


def _page(call: Call, resource: str, subject: str, types: list[str], after: str, size: int) -> list[dict[str, Any]]:
    visible = call.now.timestamp() - VISIBLE_AFTER
    events = call.state.events
    start = next((i + 1 for i, e in enumerate(events) if e["id"] == after), 0)
    rows = [
        e for e in events[start:]
        if e["_registered"] <= visible and e["resource"] == resource and subject in ("", e["subject"]) and _like(e["type"], types)
    ]  # fmt: skip
    return rows[:size]


def _like(kind: str, wanted: list[str]) -> bool:
    """SQL's LIKE with a % at either end."""
    return not wanted or any(
        kind == w
        or (w.endswith("%") and kind.startswith(w.strip("%")))
        or (w.startswith("%") and kind.endswith(w.strip("%")))
        for w in wanted
    )


def _may_see(call: Call, consumer: str, event: dict[str, Any]) -> bool:
    orgnr = event["subject"].removeprefix(PARTY)
    return delivery.may_subscribe(call.sandbox, consumer=consumer, resource=event["resource"], orgnr=orgnr)
