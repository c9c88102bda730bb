"""The part of `/control` for the sandbox itself: time, faults, recorded calls, settings, snapshots.

Other modules add their own calls under the same prefix. Wrong input gets a 4xx with a sentence that names the field.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from werkzeug.wrappers import Response

from .. import snapshot
from ..clock import Clock
from ..faults import ANY, KINDS, Fault
from ..kernel import Call
from ..replies import as_json, empty
from ..routing import SERVICES, route
from ..skatteetaten.errors import TOP
from ..state import Settings
from .input import read, wrong

MAX_ADVANCE = 50 * 365 * 86_400
LAST = datetime(2200, 1, 1, tzinfo=UTC)
LONG = 10**9
BOUNDS = {
    "page_size": (1, 10_000), "max_party_filter_values": (0, 100_000), "max_service_resource_filter_values": (0, 100_000),
    "concurrent_calls": (0, 10_000), "first_year": (0, 9999), "last_year": (0, 9999),
    "feedback_delay_seconds": (0, LONG), "rights_cache_seconds": (0, LONG),
    "token_delay_seconds": (0, LONG), "key_delay_seconds": (0, LONG), "rights_delay_seconds": (0, LONG),
    "events_cache_seconds": (0, LONG),
    "events_time_scale": (0, 1000), "throttle_seconds": (0, LONG), "slow_search_over_days": (0, LONG),
    "search_delay_seconds": (0, LONG),
}  # fmt: skip
DELIVERY_KINDS = {"duplicate": "duplicate_events", "out_of_order": "shuffle_events"}


class Advance(msgspec.Struct, forbid_unknown_fields=True):
    seconds: float


class Moment(msgspec.Struct, forbid_unknown_fields=True):
    now: datetime
    frozen: bool = False
    tokens_follow: bool = False


class Reset(msgspec.Struct, forbid_unknown_fields=True):
    seed: int | None = None


class FaultOrder(msgspec.Struct, forbid_unknown_fields=True):
    service: str
    path: str = ""
    kind: str = ""
    status: int | None = None
    body: str = ""
    retry_after: str | None = None
    seconds: float = 2.0
    times: int = 1
    after: int = 0
    share: float = 1.0


@route("GET", "/control/clock")
def clock(call: Call) -> Response:
    return as_json({"now": call.sandbox.clock.now().isoformat(), **call.sandbox.clock.dump()})


@route("POST", "/control/clock/advance")
def advance(call: Call) -> Response:
    """Advance the clock and execute the jobs that become due. Grants and tokens stay as they are (see `Clock`)."""
    seconds = read(call, Advance).seconds
    if not 0 <= seconds <= MAX_ADVANCE:
        raise wrong("seconds: must be from 0 to fifty years.", field="seconds")
    if call.now + timedelta(seconds=seconds) >= LAST:
        raise wrong("seconds: the sandbox's calendar ends with the year 2199.", field="seconds")
    call.sandbox.clock.advance(seconds)
    call.sandbox.run_due()
    return clock(call)


@route("PUT", "/control/clock")
def set_clock(call: Call) -> Response:
    moment = read(call, Moment)
    if moment.now.tzinfo is None:
        raise wrong("now: needs a time zone, as in 2026-11-23T12:00:00Z.", field="now")
    if not 1970 < moment.now.year < 2200:
        raise wrong("now: must be a year between 1970 and 2200.", field="now")
    call.sandbox.clock.set(moment.now.astimezone(UTC), frozen=moment.frozen, tokens_follow=moment.tokens_follow)
    call.sandbox.run_due()
    return clock(call)


@route("GET", "/control/faults")
def faults(call: Call) -> Response:
    return as_json(call.sandbox.faults.pending)


@route("POST", "/control/faults")
def order_fault(call: Call) -> Response:
    order = read(call, FaultOrder)
    if order.kind in DELIVERY_KINDS:
        setattr(call.state.settings, DELIVERY_KINDS[order.kind], True)
        return as_json({"kind": order.kind, "setting": DELIVERY_KINDS[order.kind]}, status=201)
    fault = _fault(call, order)
    call.sandbox.faults.order(fault)
    return as_json(fault, status=201)


@route("DELETE", "/control/faults")
def clear_faults(call: Call) -> Response:
    call.sandbox.faults.clear()
    for setting in DELIVERY_KINDS.values():
        setattr(call.state.settings, setting, False)
    return empty(status=204)


@route("GET", "/control/calls")
def calls(call: Call) -> Response:
    """The recorded calls, oldest first; `limit` keeps the newest."""
    args = call.request.args
    limit = args.get("limit", "100")
    if not (limit.isdecimal() and 0 < int(limit[:9]) <= 10_000):
        raise wrong("limit: must be a whole number from 1 to 10000.", field="limit")
    service, path = args.get("service", ""), args.get("path", "")
    rows = [
        c for c in list(call.sandbox.calls) if c["service"] == (service or c["service"]) and c["path"].startswith(path)
    ]
    return as_json(rows[-int(limit) :])


@route("POST", "/control/reset")
def reset(call: Call) -> Response:
    """Delete all data and return to the real time and the first settings. `seed` starts another sequence of ids."""
    seed = read(call, Reset).seed
    call.sandbox.reset()
    call.sandbox.clock.load(Clock().dump())
    if seed is not None:
        call.sandbox.state.seed = seed
    return empty(status=204)


@route("GET", "/control/snapshot")
def save(call: Call) -> Response:
    return Response(snapshot.dump(call.sandbox), content_type="application/json")


@route("PUT", "/control/snapshot")
def restore(call: Call) -> Response:
    try:
        snapshot.load(call.sandbox, call.request.get_data())
    except snapshot.BadSnapshot as error:
        raise wrong(f"This is not a snapshot of this sandbox: {error}.") from None
    return empty(status=204)


@route("GET", "/control/settings")
def settings(call: Call) -> Response:
    return as_json(call.state.settings)


@route("PATCH", "/control/settings")
def change_settings(call: Call) -> Response:
    given = read(call, _Changes)
    current = msgspec.to_builtins(call.state.settings)
    changes = {name: value for name, value in msgspec.to_builtins(given).items() if name in current}
    for name, (low, high) in BOUNDS.items():
        if changes.get(name) is not None and not low <= changes[name] <= high:
            raise wrong(f"{name}: must be from {low} to {high}.", field=name)
    call.state.settings = msgspec.convert({**current, **changes}, type=Settings)
    return settings(call)


_Changes: Any = msgspec.defstruct(
    "_Changes",
    [(f.name, f.type | msgspec.UnsetType, msgspec.UNSET) for f in msgspec.structs.fields(Settings)],
    forbid_unknown_fields=True,
    kw_only=True,
)


def _fault(call: Call, order: FaultOrder) -> Fault:
    """A fault from an order. Without a body, one for Skatteetaten gets the body its services would give."""
    kind = order.kind or "status"
    if order.service != "*" and order.service not in SERVICES.values():
        raise wrong(f"service: must be * or one of {', '.join(SERVICES.values())}.", field="service")
    if kind not in KINDS | {ANY}:
        known = ", ".join(sorted(KINDS | {ANY} | DELIVERY_KINDS.keys()))
        raise wrong(f"kind: must be one of {known}.", field="kind")
    for field, fits, sentence in (
        ("status", order.status is None or 200 <= order.status <= 599, "must be from 200 to 599"),
        ("times", order.times >= 1, "must be 1 or more"),
        ("after", order.after >= 0, "must be 0 or more"),
        ("share", 0 < order.share <= 1, "must be more than 0 and at most 1"),
        ("seconds", 0 <= order.seconds <= 120, "must be from 0 to 120"),
        ("retry_after", (order.retry_after or "").isprintable(), "must be a header value"),
    ):
        if not fits:
            raise wrong(f"{field}: {sentence}.", field=field)
    status = order.status or 503
    body = order.body or (_tax_body(call, status) if order.service == "skatteetaten" else "")
    return Fault(
        service=order.service,
        path=order.path,
        kind=kind,
        status=status,
        body=body,
        retry_after=order.retry_after,
        seconds=order.seconds,
        times=order.times,
        after=order.after,
        share=order.share,
    )


def _tax_body(call: Call, status: int) -> str:
    """500 is GLD_1053 (try again later), 409 GLD_019, and so on; "" for a status the services do not use."""
    top = {500: "023", 409: "019", 401: "004", 403: "005", 404: "021"}.get(status)
    if top is None:
        return ""
    detail = [{"kode": "GLD_1053", "melding": TOP[top][1], "sti": "", "angittVerdi": ""}] if status == 500 else []
    body = {
        "kode": f"GLD_{top}",
        "melding": TOP[top][1],
        "korrelasjonsid": call.state.uuid4(),
        "spesifisering": detail,
    }
    return msgspec.json.encode(body).decode()
