"""From a published event to the subscribers' webhooks: who receives it, the retries, and when they end.

At least once, unsigned, unordered. Rights are checked for each event and cached for an hour without the subject, as in
the real service.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from .. import webhooks
from ..altinn import catalogue, rights
from ..dialogporten.records import PARTY
from ..dialogs import LISTENERS
from ..kernel import Kernel, job
from ..state import Subscription
from . import index

RETRIES = [10, 30, 60, 300, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 12 * 3600]
VALIDATION_RETRIES = [1, 5, 10, 30, 60, 120, 120, 120]
KEPT = timedelta(days=90)


def may_subscribe(sandbox: Kernel, *, consumer: str, resource: str, orgnr: str) -> bool:
    """A system user, for a party it acts for, on a resource it has and whose policy allows `subscribe`."""
    kind, _, ident = consumer.strip("/").partition("/")
    user = sandbox.state.system_users.get(ident) if kind == "systemuser" else None
    known = catalogue.resource(sandbox.state, resource.removeprefix("urn:altinn:resource:"))
    if user is None or user.deleted or known is None or not known.allows_subscribe:
        return False
    return rights.may_use(sandbox.state, user, resource_id=known.id, party_orgnr=orgnr, now=sandbox.clock.now())


def take(sandbox: Kernel, event: dict[str, Any], now: datetime) -> None:
    """Store a published event for polling, and schedule a delivery to each subscriber."""
    state = sandbox.state
    state.events.append({**event, "_registered": now.timestamp()})
    horizon = (now - KEPT).timestamp()
    while state.events and state.events[0]["_registered"] < horizon:
        state.events.pop(0)
    targets = _subscribers(sandbox, event, now)
    if state.settings.shuffle_events:
        targets.reverse()
    for subscription_id in targets:
        copies = 2 if state.settings.duplicate_events else 1
        delay = (2 - len(state.events) % 3) * 0.2 if state.settings.shuffle_events else 0.0
        for _copy in range(copies):
            data = {"subscription": subscription_id, "event": event, "attempt": 0}
            state.schedule(due=now + timedelta(seconds=delay), kind="events.deliver", data=data)


LISTENERS.append(take)


def _subscribers(sandbox: Kernel, event: dict[str, Any], now: datetime) -> list[int]:
    """Cached for an hour per (resource, subject, type): a new subscription may wait, a removed one may still receive."""
    cache: dict[tuple[str, str, str], tuple[float, list[int]]] = sandbox.caches.setdefault("event_subscribers", {})
    key = (event["resource"], event["subject"], event["type"])
    known = cache.get(key)
    if known is None or known[0] <= now.timestamp():
        unit = sandbox.state.organisations.get(event["subject"].removeprefix(PARTY))
        main_unit = PARTY + unit.main_unit if unit else ""
        possible = index.about(sandbox, event["subject"], main_unit, "")
        subscribers = [s.id for s in possible if s.validated and _fits(sandbox, s, event)]
        known = (now.timestamp() + sandbox.state.settings.events_cache_seconds, subscribers)
        cache[key] = known
    return list(known[1])


def _fits(sandbox: Kernel, subscription: Subscription, event: dict[str, Any]) -> bool:
    if subscription.resource != event["resource"] or subscription.type not in ("", event["type"]):
        return False
    if subscription.subject in ("", event["subject"]):
        return True
    unit = sandbox.state.organisations.get(event["subject"].removeprefix(PARTY))
    return subscription.include_subunits and unit is not None and PARTY + unit.main_unit == subscription.subject


@job("events.deliver")
def deliver(sandbox: Kernel, data: dict[str, Any], due: datetime) -> None:
    ident, state = data["subscription"], sandbox.state
    subscription = state.subscriptions.get(ident) or state.removed_subscriptions.get(ident)
    if subscription is None or not _is_allowed(sandbox, subscription, data["event"]):
        return

    def done(sandbox: Kernel, status: int | None) -> None:
        if status is None or not 200 <= status < 300:
            _again(sandbox, "events.deliver", data, RETRIES)

    webhooks.put(sandbox, url=subscription.endpoint, event=data["event"], done=done)


def _is_allowed(sandbox: Kernel, subscription: Subscription, event: dict[str, Any]) -> bool:
    cache: dict[tuple[str, str], tuple[float, bool]] = sandbox.caches.setdefault("event_rights", {})
    now, key = sandbox.clock.now().timestamp(), (event["resource"], subscription.consumer)
    known = cache.get(key)
    if known is None or known[0] <= now:
        orgnr = event["subject"].removeprefix(PARTY)
        allowed = may_subscribe(sandbox, consumer=subscription.consumer, resource=event["resource"], orgnr=orgnr)
        known = (now + sandbox.state.settings.events_cache_seconds, allowed)
        cache[key] = known
    return known[1]


def _again(sandbox: Kernel, kind: str, data: dict[str, Any], schedule: list[int]) -> None:
    attempt = data["attempt"]
    if attempt < len(schedule):
        wait = timedelta(seconds=schedule[attempt] * sandbox.state.settings.events_time_scale)
        sandbox.state.schedule(due=sandbox.clock.now() + wait, kind=kind, data={**data, "attempt": attempt + 1})


@job("events.validate")
def validate(sandbox: Kernel, data: dict[str, Any], due: datetime) -> None:
    subscription = sandbox.state.subscriptions.get(data["subscription"])
    if subscription is None:
        return

    def done(sandbox: Kernel, status: int | None) -> None:
        if status is not None and 200 <= status < 300:
            subscription.validated = True
        else:
            _again(sandbox, "events.validate", data, VALIDATION_RETRIES)

    event = {
        "specversion": "1.0", "id": sandbox.state.uuid4(), "type": "platform.events.validatesubscription",
        "source": f"{sandbox.origin}/platform/events/api/v1/subscriptions/{subscription.id}",
    }  # fmt: skip
    webhooks.put(sandbox, url=subscription.endpoint, event=event, done=done)
